use axum::http::StatusCode;
use serde_json::json;
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::{
    Content, ContentBuilder, ObjectBuilder, Ref, RefOr, ResponseBuilder, ResponsesBuilder, Schema,
    Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::headers::{CACHE_CONTROL, REQUEST_ID};
use super::operation::{JSON, SERVICE};
use super::refusals;
use crate::http::health::Readiness;

/// What is the same under every prefix: `/livez` and its like; `/metrics` where that has no address
/// of its own.
pub(super) fn operations(has_metrics: bool) -> Vec<(&'static str, Operation)> {
    let live = get("livez", "Whether the process answers at all");
    let ready = get("readyz", "Whether requests should come here");
    let metrics = get("metrics", "Figures in the text format of OpenMetrics");
    let unready = json!({
        "status": "unready", "store": true, "keys": true, "clock": true,
        "blacklist": { "loaded": false, "tokens": 0, "staleness": null },
    });
    let is_ready = json!({
        "status": "ready", "store": true, "keys": true, "clock": true,
        "blacklist": { "loaded": true, "tokens": 3, "staleness": 0.4 },
        "key_sets": [{ "issuer": "https://id.example", "state": "fresh", "keys": 2 }],
    });
    let mut operations = vec![
        (
            "/livez",
            answers(live, [(StatusCode::OK, "It does.", TEXT, text("ok\n"))]),
        ),
        (
            "/readyz",
            answers(
                ready,
                [
                    (StatusCode::OK, "They should.", JSON, readiness(is_ready)),
                    (
                        StatusCode::SERVICE_UNAVAILABLE,
                        "One of the parts is not as it must be: which, tells the body.",
                        JSON,
                        readiness(unready),
                    ),
                ],
            ),
        ),
    ];
    if has_metrics {
        let figures = text(FIGURES);
        let figures = (StatusCode::OK, "The figures.", OPEN_METRICS, figures);
        operations.push(("/metrics", answers(metrics, [figures])));
    }
    operations
}

/// The bodies of their answers, by their names.
pub(super) fn schemas() -> [(String, RefOr<Schema>); 1] {
    [(Readiness::name().into_owned(), Readiness::schema())]
}

fn get(id: &str, summary: &str) -> OperationBuilder {
    let operation = OperationBuilder::new().tag(SERVICE);
    operation.operation_id(Some(id)).summary(Some(summary))
}

fn answers<const N: usize>(
    operation: OperationBuilder,
    answers: [(StatusCode, &str, &str, Content); N],
) -> Operation {
    let responses = answers.map(|(status, description, content_type, content)| {
        let response = ResponseBuilder::new().description(description);
        let response = CACHE_CONTROL.on(REQUEST_ID.on(response));
        let response = response.content(content_type, content).build();
        (status.as_str().to_owned(), response)
    });
    let responses = ResponsesBuilder::new()
        .responses_from_iter(responses)
        .responses_from_iter(refusals::anywhere());
    operation.responses(responses.build()).build()
}

fn text(example: &str) -> Content {
    let content = ContentBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(Some(example.into()));
    content.build()
}

fn readiness(example: serde_json::Value) -> Content {
    let schema = Ref::from_schema_name(Readiness::name());
    let content = ContentBuilder::new().schema(Some(schema));
    content.example(Some(example)).build()
}

const FIGURES: &str = "\
# HELP tegata_blacklist_tokens Blacklisted tokens in memory.
# TYPE tegata_blacklist_tokens gauge
tegata_blacklist_tokens 3
# EOF
";
const OPEN_METRICS: &str = "application/openmetrics-text";
const TEXT: &str = "text/plain";
