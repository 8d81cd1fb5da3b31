use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Schema, Type,
};

use super::headers::{ALLOW, CACHE_CONTROL, REQUEST_ID, RETRY_AFTER, WWW_AUTHENTICATE};
use super::operation::{JSON, counted};
use crate::endpoint::{self, Endpoint, Guard, Refusal};
use crate::error::{ApiError, Shown};
use crate::settings::Settings;

/// What an endpoint may answer instead, by the status: each as callers get it.
pub(super) fn responses(endpoint: &Endpoint, settings: &Settings) -> Vec<(String, Response)> {
    let refusals = endpoint.refuses.iter().chain(&endpoint.misfits);
    let refusals = refusals.filter(|refusal| happens(&refusal.error, settings));
    let response = |(status, response)| {
        let response = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
                if endpoint.guard == Guard::Challenge =>
            {
                WWW_AUTHENTICATE.on(response)
            }
            StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS => {
                counted(response, endpoint, settings.limits.enabled)
            }
            _ => response,
        };
        (status.as_str().to_owned(), response.build())
    };
    by_status(refusals).map(response).collect()
}

/// What any request may be answered.
pub(super) fn anywhere() -> Vec<(String, Response)> {
    let refusals = endpoint::anywhere().map(Refusal::from);
    let responses = by_status(&refusals);
    let responses =
        responses.map(|(status, response)| (status.as_str().to_owned(), response.build()));
    responses.collect()
}

/// Each body once, in the first words that are given for it.
fn by_status<'a>(
    refusals: impl IntoIterator<Item = &'a Refusal>,
) -> impl Iterator<Item = (StatusCode, ResponseBuilder)> {
    let mut by_status: BTreeMap<StatusCode, Vec<(&str, Shown)>> = BTreeMap::new();
    for Refusal { when, error } in refusals {
        let shown = error.shown();
        let same = by_status.entry(shown.status).or_default();
        if same.iter().all(|(_, known)| known.body != shown.body) {
            same.push((when, shown));
        }
    }
    let by_status = by_status.into_iter();
    by_status.map(|(status, refusals)| (status, response(status, refusals)))
}

/// What is answered where no endpoint is.
pub(super) fn of_other_requests() -> [(&'static str, Response); 2] {
    let not_found = vec![("No such path.", ApiError::NotFound.shown())];
    let not_found = response(StatusCode::NOT_FOUND, not_found);
    let html = ContentBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some("Method not allowed".into()));
    let not_allowed = ResponseBuilder::new()
        .description("No such method here.")
        .content("text/html", html.build());
    [
        ("NotFound", not_found.build()),
        (
            "MethodNotAllowed",
            ALLOW.on(REQUEST_ID.on(not_allowed)).build(),
        ),
    ]
}

/// Errors of one status, with an example of each.
fn response(status: StatusCode, refusals: Vec<(&str, Shown)>) -> ResponseBuilder {
    let description = match refusals.as_slice() {
        [(when, _)] => when,
        _ => status.canonical_reason().unwrap_or_default(),
    };
    let response = ResponseBuilder::new().description(description);
    let response = CACHE_CONTROL.on(REQUEST_ID.on(response));
    let response = match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => RETRY_AFTER.on(response),
        _ => response,
    };

    let mut content = ContentBuilder::new().schema(Some(schema(&refusals)));
    if let [(_, shown)] = refusals.as_slice() {
        content = content.example(Some(shown.body.clone()));
    } else {
        content = content.examples_from_iter(refusals.into_iter().map(|(when, shown)| {
            let example = ExampleBuilder::new().summary(when).value(Some(shown.body));
            (key(when), example.build())
        }));
    }
    response.content(JSON, content.build())
}

/// The schema of all of them.
fn schema(refusals: &[(&str, Shown)]) -> RefOr<Schema> {
    let mut names: Vec<_> = refusals.iter().map(|(_, shown)| shown.schema).collect();
    names.sort_unstable();
    names.dedup();
    if let [name] = names.as_slice() {
        return Ref::from_schema_name(*name).into();
    }
    let any = names.into_iter().map(Ref::from_schema_name);
    any.fold(AnyOfBuilder::new(), AnyOfBuilder::item).into()
}

/// A sentence as the name of an example: `The body is no object.` is `the_body_is_no_object`.
fn key(sentence: &str) -> String {
    let words = sentence.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'');
    let words = words.filter(|word| !word.is_empty());
    words
        .collect::<Vec<_>>()
        .join("_")
        .to_ascii_lowercase()
        .replace('\'', "")
}

/// Whether the settings let an error happen.
fn happens(error: &ApiError, settings: &Settings) -> bool {
    match error {
        ApiError::BlacklistedAtVerify => settings.jwt.blacklist_after_rotation,
        ApiError::InsufficientScope(_) => {
            let mut issuers = settings.jwt.issuers.iter();
            issuers.any(|issuer| !issuer.required_scopes.is_empty())
        }
        ApiError::PasswordChanged => settings.jwt.check_revoke_token,
        ApiError::TokenBlacklisted => settings.blacklist.enabled,
        ApiError::TooMany { .. } => settings.limits.enabled,
        _ => true,
    }
}
