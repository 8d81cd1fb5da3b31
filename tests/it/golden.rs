//! Recorded answers of django-ninja-jwt, replayed against the service.
//!
//! What no two runs share is a token's `jti` and with it the signature. So each live token gets
//! the recorded `jti`, is signed again with the recorded key, and must then be the recorded one to
//! the letter: header, order of claims, times, encoding. The clock is set to the recorded `iat`.

use crate::app::{Answer, BEGIN, TestApp};
use crate::token::signed::{claim, claims, sign};

#[tokio::test]
async fn pair_ok() {
    replay("pair_ok").await;
}

#[tokio::test]
async fn pair_wrong_password() {
    replay("pair_wrong_password").await;
}

#[tokio::test]
async fn verify_both_tokens() {
    replay("verify_both_tokens").await;
}

async fn replay(name: &str) {
    let app = TestApp::spawn_with_alice().await;
    let mut live_tokens = Vec::<(String, String)>::new();
    let mut now = BEGIN;

    for exchange in recorded(name) {
        let recorded_tokens = tokens(&exchange.answer);
        if let Some(token) = recorded_tokens.first() {
            let iat = claim(token, "iat").as_i64().unwrap();
            app.advance(iat - now);
            now = iat;
        }
        let mut request = exchange.request.clone();
        for (recorded, live) in &live_tokens {
            request = request.replace(recorded, live);
        }

        let mut answer = app.post(&exchange.path, request).await;

        for (recorded, live) in recorded_tokens.iter().zip(tokens(&answer.body)) {
            assert_eq!(&with_jti_of(recorded, &live), recorded, "{name}");
            answer.body = answer.body.replace(&live, recorded);
            live_tokens.push((recorded.clone(), live));
        }
        assert_eq!(told(&answer), exchange.told(), "{name}");
    }
}

struct Exchange {
    path: String,
    request: String,
    status: String,
    answer: String,
}

impl Exchange {
    fn told(&self) -> String {
        format!("{}\n{}", self.status, self.answer)
    }
}

/// Status, content type and body in the words of the recording.
fn told(answer: &Answer) -> String {
    let content_type = answer.header("content-type").unwrap();
    format!(
        "{} {{\"content-type\": \"{content_type}\"}}\n{}",
        answer.status.as_u16(),
        answer.body
    )
}

/// The exchanges recorded under a name, four lines each.
fn recorded(name: &str) -> Vec<Exchange> {
    let heading = format!("\n### {name}\n```\n");
    let (_, rest) = include_str!("golden/default.md")
        .split_once(&heading)
        .unwrap();
    let (recording, _) = rest.split_once("\n```").unwrap();

    let lines: Vec<_> = recording.lines().collect();
    let exchange = |lines: &[&str]| Exchange {
        path: lines[0].strip_prefix("POST ").unwrap().to_owned(),
        request: lines[1].strip_prefix("  > ").unwrap().to_owned(),
        status: lines[2].strip_prefix("  < ").unwrap().to_owned(),
        answer: lines[3].strip_prefix("  < ").unwrap().to_owned(),
    };
    lines.chunks(4).map(exchange).collect()
}

/// The tokens in a JSON text, in their order.
fn tokens(json: &str) -> Vec<String> {
    json.split('"')
        .filter(|text| text.starts_with("eyJ"))
        .map(str::to_owned)
        .collect()
}

fn with_jti_of(recorded: &str, live: &str) -> String {
    let jti = |token| claim(token, "jti").as_str().unwrap().to_owned();
    sign(&claims(live).replace(&jti(live), &jti(recorded)))
}
