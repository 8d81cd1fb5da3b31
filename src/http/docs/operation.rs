use axum::http::StatusCode;
use serde_json::json;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Content, ContentBuilder, HeaderBuilder, Ref, Required, ResponseBuilder, ResponsesBuilder,
};

use super::headers::{CACHE_CONTROL, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID};
use super::refusals;
use crate::app::App;
use crate::endpoint::{Body, Endpoint, Guard};

/// An endpoint as the document has it. `all` are those that links may lead to.
pub(super) fn operation(endpoint: &Endpoint, all: &[(&str, Endpoint)], app: &App) -> Operation {
    let reads = endpoint.reads.as_ref().map(|body| {
        let body = RequestBodyBuilder::new().content(JSON, content(body));
        body.required(Some(Required::True)).build()
    });
    let is_there = |id: &str| all.iter().any(|(_, endpoint)| endpoint.id == id);
    let links = endpoint.links.iter().filter(|link| is_there(link.id));
    let links = links.map(|link| (link.id, self::link(link)));
    let answer = links.fold(answer(endpoint, app), |answer, (name, link)| {
        answer.link(name, link)
    });
    let responses = ResponsesBuilder::new().response(StatusCode::OK.as_str(), answer);
    let responses = responses.responses_from_iter(refusals::responses(endpoint, &app.settings));

    let operation = OperationBuilder::new()
        .tag(TOKEN)
        .operation_id(Some(endpoint.id))
        .summary(Some(endpoint.summary))
        .description(Some(endpoint.description.clone()))
        .request_body(reads)
        .responses(responses.build());
    match endpoint.guard {
        Guard::None => operation.build(),
        Guard::Bearer | Guard::Challenge => {
            let bearer = SecurityRequirement::new(SECURITY, [""; 0]);
            operation.security(bearer).build()
        }
    }
}

fn answer(endpoint: &Endpoint, app: &App) -> ResponseBuilder {
    let answer = ResponseBuilder::new()
        .description("OK")
        .content(JSON, content(&endpoint.answers));
    let answer = CACHE_CONTROL.on(REQUEST_ID.on(answer));
    let answer = counted(answer, endpoint, app.settings.limits.enabled);
    endpoint.tells.iter().fold(answer, |answer, (name, tells)| {
        let header = HeaderBuilder::new().description(Some(*tells));
        answer.header(*name, header.build())
    })
}

/// With what is left of the limits, where they are and the endpoint counts towards them.
pub(super) fn counted(
    response: ResponseBuilder,
    endpoint: &Endpoint,
    has_limits: bool,
) -> ResponseBuilder {
    if endpoint.counts_guesses && has_limits {
        RATE_LIMIT_POLICY.on(RATE_LIMIT.on(response))
    } else {
        response
    }
}

fn content(body: &Body) -> Content {
    let schema = Ref::from_schema_name(body.name.clone());
    ContentBuilder::new().schema(Some(schema)).build()
}

fn link(link: &crate::endpoint::Link) -> Link {
    let member = format!("$response.body#/{}", link.gets);
    LinkBuilder::new()
        .operation_id(link.id)
        .request_body(Some(json!({ link.takes: member })))
        .description(format!(
            "Its `{}` is the `{}` of this answer.",
            link.takes, link.gets
        ))
        .build()
}

pub(super) const JSON: &str = "application/json";
/// The scheme of bearers, by the name it has in Django Ninja.
pub(super) const SECURITY: &str = "JWTAuth";
/// Endpoints that whatever runs the service asks.
pub(super) const SERVICE: &str = "service";
/// Endpoints about tokens.
pub(super) const TOKEN: &str = "token";
