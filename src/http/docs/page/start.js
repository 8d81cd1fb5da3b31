SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "../openapi.json",
  deepLinking: true,
  // Else it would send the document to a service elsewhere.
  validatorUrl: null,
});
