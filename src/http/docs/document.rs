use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, RefOr,
    Schema, Type,
};

use super::operation::{SECURITY, SERVICE, TOKEN, operation};
use super::{headers, health, refusals};
use crate::app::App;
use crate::endpoint::Endpoint;
use crate::error;
use crate::settings::Settings;

/// The document of these endpoints, whose paths are relative to `/api/token`, and of those that are
/// the same everywhere.
pub(super) fn write(app: &App, endpoints: &[(&str, Endpoint)], has_metrics: bool) -> OpenApi {
    let prefix = app.settings.server.api_prefix.as_str();
    let mut paths = PathsBuilder::new();
    for (path, endpoint) in endpoints {
        let operation = operation(endpoint, endpoints, app);
        let item = PathItem::new(endpoint.method.clone(), operation);
        paths = paths.path(format!("{prefix}/token{path}"), item);
    }
    for (path, operation) in health::operations(has_metrics) {
        paths = paths.path(path, PathItem::new(HttpMethod::Get, operation));
    }

    let info = InfoBuilder::new()
        .title("tegata")
        .description(Some(DESCRIPTION))
        // The interface's: which program answers, is nobody's business.
        .version("1.0.0");
    let tags = [
        (TOKEN, "Tokens for users, and what they open."),
        (SERVICE, "For whatever runs the service."),
    ];
    let tags = tags.map(|(name, description)| {
        let tag = TagBuilder::new().name(name);
        tag.description(Some(description)).build()
    });
    OpenApiBuilder::new()
        .info(info)
        .tags(Some(tags))
        .paths(paths)
        .components(Some(components(&app.settings, endpoints)))
        .build()
}

fn components(settings: &Settings, endpoints: &[(&str, Endpoint)]) -> Components {
    let bodies = endpoints.iter().flat_map(|(_, endpoint)| {
        let bodies = endpoint.reads.iter().chain([&endpoint.answers]);
        bodies.map(|body| (body.name.to_string(), body.schema.clone().into()))
    });
    let errors = error::schemas().map(|(name, schema)| (name.to_owned(), schema));
    let health = health::schemas();
    let mut components = ComponentsBuilder::new()
        .security_scheme(SECURITY, bearer(settings))
        .schemas_from_iter(bodies.chain(errors).chain(health).map(titled));
    for (name, response) in refusals::of_other_requests() {
        components = components.response(name, response);
    }
    for header in headers::ALL {
        let (name, header) = header.component();
        components = components.header(name, header);
    }
    components.build()
}

/// How a token is shown. As anything but a bearer in `Authorization` it is a key in a header, for
/// OpenAPI knows no other word for it.
fn bearer(settings: &Settings) -> SecurityScheme {
    let jwt = &settings.jwt;
    let header = jwt.auth_header();
    let mut schemes = jwt.auth_header_types.iter();
    let is_usual = schemes.any(|scheme| scheme.eq_ignore_ascii_case("bearer"));
    if is_usual && header == "authorization" {
        let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        return SecurityScheme::Http(http.bearer_format("JWT").build());
    }
    let scheme = jwt.auth_header_types.first().map_or("", String::as_str);
    let description = format!("`{scheme}`, a blank, and the token.");
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
        header,
        description,
    )))
}

/// With the titles that pydantic gives to schemas and their members.
fn titled((name, mut schema): (String, RefOr<Schema>)) -> (String, RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.title = Some(name.clone());
        for (name, member) in &mut object.properties {
            if let RefOr::T(Schema::Object(member)) = member
                && member.schema_type == SchemaType::Type(Type::String)
            {
                member.title = Some(title(name));
            }
        }
    }
    (name, schema)
}

/// `user_name` as `User Name`.
fn title(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(" ")
}

const DESCRIPTION: &str = "\
Issues and verifies JSON Web Tokens as Ninja JWT does.

Bodies are JSON, whatever the content type says. An error has a `detail` for people and, mostly, a \
`code` for programs. Any other path is answered 404, and any other method 405.";
