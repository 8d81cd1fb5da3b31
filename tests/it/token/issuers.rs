//! `[[jwt.issuers]]`: tokens of others, which are never ours.

mod users;

use reqwest::Method;
use serde_json::{Value, json};
use tegata_jwt::{Audience, IssuerSettings};

use super::jwk_url;
use super::signed::unsigned;
use super::verbs::{INVALID, WRONG_TYPE};
use crate::app::{BEGIN, TestApp};
use crate::fake_issuer::{AUDIENCE, FakeIssuer, Key};

const REFUSED: &str = r#"401 {"detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}]}"#;
const NOBODY: &str = r#"401 {"detail": "Token contained no recognizable user identification", "code": "token_not_valid"}"#;

/// A service with Alice that trusts the issuer, and names nobody by its tokens.
async fn trusting(issuer: &FakeIssuer) -> TestApp {
    trusting_as(issuer.settings()).await
}

async fn trusting_as(settings: IssuerSettings) -> TestApp {
    TestApp::with_alice(|s| s.jwt.issuers.push(settings)).await
}

/// A service with Alice, who is named by the claim `name` of the issuer's tokens.
async fn by_name(issuer: &FakeIssuer) -> TestApp {
    TestApp::with_alice(|s| issuer.names_users_by("name", "username", s)).await
}

#[tokio::test]
async fn a_token_of_a_trusted_issuer_verifies() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;

    let token = issuer.token(&json!({}));

    assert_eq!(app.verify(&token).await.line(), "200 {}");
    assert_eq!(app.verify(&token).await.line(), "200 {}");
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn an_issuer_can_say_itself_where_its_keys_are() {
    let issuer = FakeIssuer::spawn();
    let discovered = IssuerSettings {
        jwks_url: None,
        ..issuer.settings()
    };
    let app = trusting_as(discovered).await;

    assert_eq!(app.verify(&issuer.token(&json!({}))).await.line(), "200 {}");
}

#[tokio::test]
async fn our_own_tokens_are_ours_beside_other_issuers() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;

    jwk_url::our_own_tokens_go_round_without_a_fetch(&app, &issuer).await;
}

/// Its key is one that our own tokens may have, too: what it signs in the issuer's name is still the
/// issuer's.
#[tokio::test]
async fn a_foreign_token_is_neither_refreshed_nor_blacklisted_and_nothing_is_fetched_for_it() {
    let issuer = FakeIssuer::spawn();
    let app = TestApp::with_alice(|s| {
        jwk_url::shared(s, &issuer);
        issuer.names_users_by("name", "username", s);
    })
    .await;
    let token_of = |token_type: &str| {
        let end = BEGIN + 300;
        issuer.token(&json!({ "user_id": 1, "token_type": token_type, "refresh_exp": end }))
    };

    let refresh = token_of("refresh");

    assert_eq!(app.refresh(&refresh).await.line(), INVALID);
    assert_eq!(app.blacklist(&refresh).await.line(), INVALID);
    let sliding = app.refresh_sliding(&token_of("sliding")).await;
    assert_eq!(sliding.line(), INVALID);
    assert_eq!(issuer.asked(), 0);
    assert_eq!(app.get_user(&token_of("access")).await.line(), NOBODY);
}

#[tokio::test]
async fn our_blacklist_is_not_asked_of_anothers_tokens() {
    let issuer = FakeIssuer::spawn();
    let app = TestApp::with_alice(|s| {
        s.jwt.rotate_refresh_tokens = true;
        s.jwt.blacklist_after_rotation = true;
        issuer.names_users_by("name", "username", s);
    })
    .await;
    let token = issuer.token(&json!({ "name": "alice" }));

    app.execute("ALTER TABLE token_blacklist_blacklistedtoken RENAME TO gone");
    app.advance(31);

    assert_eq!(app.verify(&token).await.status, 200);
    assert_eq!(app.auth(&token).await.status, 200);
}

#[tokio::test]
async fn a_token_of_anothers_issuer_signed_by_our_key_is_refused() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;
    let claims = json!({
        "iss": issuer.name(), "aud": AUDIENCE, "exp": BEGIN + 300, "jti": "x", "user_id": 1,
        "token_type": "access",
    });

    let ours = super::signed::sign(&claims.to_string());

    assert_eq!(app.verify(&ours).await.line(), INVALID);
    assert_eq!(app.get_user(&ours).await.line(), REFUSED);
}

#[tokio::test]
async fn one_issuers_key_does_not_sign_for_another() {
    let (honest, thief) = (FakeIssuer::spawn(), FakeIssuer::spawn());
    let app = TestApp::with(|s| s.jwt.issuers = vec![honest.settings(), thief.settings()]).await;

    let stolen = thief.token(&json!({ "iss": honest.name() }));

    assert_eq!(app.verify(&stolen).await.line(), INVALID);
    assert_eq!(app.verify(&thief.token(&json!({}))).await.status, 200);
}

#[tokio::test]
async fn a_foreign_token_that_is_not_for_us_is_refused() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;
    let answer = async |claims: Value| app.verify(&issuer.token(&claims)).await.line();

    assert_eq!(answer(json!({ "aud": "billing" })).await, INVALID);
    assert_eq!(answer(json!({ "aud": null })).await, INVALID);
    assert_eq!(answer(json!({ "exp": BEGIN - 31 })).await, INVALID);
    assert_eq!(
        answer(json!({ "iss": format!("{}/", issuer.name()) })).await,
        INVALID
    );
    assert_eq!(
        answer(json!({ "aud": ["billing", AUDIENCE] })).await,
        "200 {}"
    );
    assert_eq!(answer(json!({ "exp": BEGIN - 29 })).await, "200 {}");
}

#[tokio::test]
async fn a_header_that_an_issuers_tokens_must_not_have_is_refused() {
    let issuer = FakeIssuer::spawn();
    let strict = IssuerSettings {
        typ: vec!["at+jwt".to_owned()],
        require_kid: true,
        ..issuer.settings()
    };
    let app = trusting_as(strict).await;
    let claims = json!({ "iss": issuer.name(), "aud": AUDIENCE, "exp": BEGIN + 300 });
    let answer = async |header: Value| {
        let token = issuer.key.sign_under(&header, &claims);
        app.verify(&token).await.line()
    };

    let good = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k1" });
    assert_eq!(answer(good).await, "200 {}");
    let an_id_token = json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" });
    assert_eq!(answer(an_id_token).await, WRONG_TYPE);
    let unnamed = json!({ "alg": "ES256", "typ": "at+jwt" });
    assert_eq!(answer(unnamed).await, INVALID);
    let confused = json!({ "alg": "HS256", "typ": "at+jwt", "kid": "k1" });
    assert_eq!(answer(confused).await, INVALID);
    let nothing = json!({ "alg": "none", "typ": "at+jwt", "kid": "k1" });
    assert_eq!(answer(nothing).await, INVALID);
}

#[tokio::test]
async fn any_audience_is_accepted_where_it_is_written_out() {
    let issuer = FakeIssuer::spawn();
    let generous = IssuerSettings {
        audience: None,
        any_audience: true,
        ..issuer.settings()
    };
    let app = trusting_as(generous).await;

    let token = issuer.token(&json!({ "aud": "billing" }));

    assert_eq!(app.verify(&token).await.line(), "200 {}");
}

#[tokio::test]
async fn a_token_may_be_for_any_of_several_names() {
    let issuer = FakeIssuer::spawn();
    let names = IssuerSettings {
        audience: Some(Audience::Many(vec!["shop".to_owned(), "till".to_owned()])),
        ..issuer.settings()
    };
    let app = trusting_as(names).await;
    let status = async |aud: &str| {
        app.verify(&issuer.token(&json!({ "aud": aud })))
            .await
            .status
    };

    assert_eq!(status("till").await, 200);
    assert_eq!(status(AUDIENCE).await, 401);
}

#[tokio::test]
async fn a_token_without_a_claim_it_needs_is_refused() {
    let issuer = FakeIssuer::spawn();
    let app = TestApp::with(|s| {
        issuer.names_users_by("name", "username", s);
        s.jwt.issuers[0].required_claims = ["typ=Bearer", "checked=true", "of=a=b"]
            .map(str::to_owned)
            .to_vec();
    })
    .await;
    let status = async |claims| app.verify(&issuer.token(&claims)).await.status;

    let good = json!({ "typ": "Bearer", "checked": true, "of": "a=b" });
    assert_eq!(status(good).await, 200);
    let texts = json!({ "typ": "Bearer", "checked": "true", "of": "a=b" });
    assert_eq!(status(texts).await, 200);
    for odd in [
        json!({ "typ": "ID", "checked": true, "of": "a=b" }),
        json!({ "typ": ["Bearer"], "checked": true, "of": "a=b" }),
        json!({ "typ": "Bearer", "checked": 1, "of": "a=b" }),
        json!({ "typ": "Bearer", "checked": true }),
    ] {
        assert_eq!(status(odd).await, 401);
    }
}

#[tokio::test]
async fn a_token_without_a_scope_it_needs_is_genuine_and_not_enough() {
    let issuer = FakeIssuer::spawn();
    let app = TestApp::with_alice(|s| {
        issuer.names_users_by("name", "username", s);
        s.jwt.issuers[0].required_scopes = vec!["orders:read".to_owned()];
    })
    .await;
    let token = |scope: &str| issuer.token(&json!({ "name": "alice", "scope": scope }));
    let forbidden = r#"403 {"detail": "You do not have permission to perform this action.", "code": "permission_denied"}"#;

    let refused = app.auth(&token("orders:write")).await;

    assert_eq!(refused.line(), forbidden);
    assert_eq!(
        refused.header("www-authenticate"),
        Some(r#"Bearer realm="api", error="insufficient_scope", scope="orders:read""#)
    );
    assert_eq!(app.verify(&token("")).await.line(), forbidden);
    assert_eq!(app.get_user(&token("orders")).await.line(), forbidden);
    let granted = token("profile orders:read");
    assert_eq!(app.get_user(&granted).await.status, 200);
}

#[tokio::test]
async fn while_an_issuer_is_away_its_tokens_are_503_and_ours_go_on() {
    let issuer = FakeIssuer::spawn();
    issuer.go_away();
    let app = by_name(&issuer).await;
    let own = app.obtain_pair().await.access;

    let token = issuer.token(&json!({ "name": "alice" }));
    let refused = app.auth(&token).await;

    assert_eq!(
        refused.line(),
        r#"503 {"detail": "The service is unavailable, try again", "code": "unavailable"}"#
    );
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.header("www-authenticate"), None);
    assert_eq!(app.verify(&token).await.status, 503);
    assert_eq!(app.auth(&own).await.status, 200);
}

#[tokio::test]
async fn a_token_that_is_refused_in_any_case_causes_no_fetch() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;
    let stranger = json!({ "iss": "https://elsewhere.example", "exp": BEGIN + 300 });
    let unsigned = unsigned(r#"{"alg":"none"}"#, &stranger.to_string()) + ".";

    let answers = [
        app.verify(&Key::generate("k1").sign(&stranger)).await,
        app.verify(&issuer.token(&json!({ "exp": BEGIN - 3600 })))
            .await,
        app.verify(&unsigned).await,
    ];

    assert!(answers.iter().all(|answer| answer.line() == INVALID));
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn an_issuer_that_is_configured_as_before_keeps_its_keys_at_a_reload() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;
    app.verify(&issuer.token(&json!({}))).await;
    let other = FakeIssuer::spawn();

    issuer.go_away();
    let reloaded = app.reloaded(|s| s.jwt.issuers.push(other.settings())).await;

    assert_eq!(reloaded.verify(&issuer.token(&json!({}))).await.status, 200);
    assert_eq!(reloaded.verify(&other.token(&json!({}))).await.status, 200);
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn an_issuer_is_trusted_otherwise_or_no_more_after_a_reload() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;
    let token = issuer.token(&json!({}));
    app.verify(&token).await;

    let another_audience = Some(Audience::One("billing".to_owned()));
    let otherwise = app
        .reloaded(|s| s.jwt.issuers[0].audience = another_audience)
        .await;
    let no_more = app.reloaded(|s| s.jwt.issuers.clear()).await;

    assert_eq!(otherwise.verify(&token).await.line(), INVALID);
    assert_eq!(no_more.verify(&token).await.line(), INVALID);
}

#[tokio::test]
async fn readyz_tells_of_key_sets_and_stays_ready_without_them() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;
    let key_sets = async || {
        let answer = app.send(Method::GET, "/readyz", "").await;
        assert_eq!(answer.status, 200);
        answer.json()["key_sets"].clone()
    };

    let before = key_sets().await;
    app.verify(&issuer.token(&json!({}))).await;
    let after = key_sets().await;

    let set =
        |state: &str, keys: u64| json!([{ "issuer": issuer.name(), "state": state, "keys": keys }]);
    assert_eq!(before, set("unavailable", 0));
    assert_eq!(after, set("fresh", 1));
}

#[tokio::test]
async fn an_issuer_of_any_name_is_one_label() {
    let issuer = FakeIssuer::spawn();
    let odd = IssuerSettings {
        issuer: "urn:\"a\"\\b\nc".to_owned(),
        ..issuer.settings()
    };
    let app = trusting_as(odd).await;

    let told = app.send(Method::GET, "/metrics", "").await.body;

    for family in ["jwks_refused_miss_total{", "jwt_verify_total{"] {
        let label = format!(r#"tegata_{family}issuer="urn:\"a\"\\b\nc""#);
        assert!(told.contains(&label), "{label}: {told}");
    }
}

#[tokio::test]
async fn what_becomes_of_foreign_tokens_is_counted_by_the_settings_names_alone() {
    let issuer = FakeIssuer::spawn();
    let app = trusting(&issuer).await;
    app.verify(&issuer.token(&json!({}))).await;
    app.verify(&issuer.token(&json!({ "aud": "billing" })))
        .await;
    app.verify(&Key::generate("evil").sign(&json!({ "iss": "https://evil.example" })))
        .await;

    let told = app.send(Method::GET, "/metrics", "").await.body;

    let name = issuer.name();
    for line in [
        format!("tegata_jwt_verify_total{{issuer=\"{name}\",outcome=\"verified\"}} 1"),
        format!("tegata_jwt_verify_total{{issuer=\"{name}\",outcome=\"wrong-audience\"}} 1"),
        format!("tegata_jwks_fetch_total{{issuer=\"{name}\",outcome=\"ok\"}} 1"),
        format!("tegata_jwks_fetch_seconds_count{{issuer=\"{name}\"}} 1"),
        format!("tegata_jwks_age_seconds{{issuer=\"{name}\"}} 0.0"),
        format!("tegata_jwks_keys{{issuer=\"{name}\",usable=\"true\"}} 1"),
        format!("tegata_jwks_keys{{issuer=\"{name}\",usable=\"false\"}} 0"),
        format!("tegata_jwks_skipped_total{{issuer=\"{name}\",reason=\"secret\"}} 0"),
        format!("tegata_jwks_refused_miss_total{{issuer=\"{name}\"}} 0"),
    ] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
    assert!(!told.contains("evil"), "{told}");
}

#[tokio::test]
async fn the_document_tells_what_other_issuers_bring_and_nothing_of_it_without_them() {
    let issuer = FakeIssuer::spawn();
    let document =
        async |app: &TestApp| app.send(Method::GET, "/api/openapi.json", "").await.json();
    let scoped = TestApp::with(|s| {
        issuer.names_users_by("name", "username", s);
        s.jwt.issuers[0].required_scopes = vec!["orders:read".to_owned()];
    })
    .await;

    let with = document(&scoped).await;
    let without = document(&TestApp::spawn().await).await;

    let forbidden = "/paths/~1api~1token~1auth/get/responses/403/headers/WWW-Authenticate";
    let null = "/components/schemas/TokenUser/properties/id/oneOf/2";
    assert!(with.pointer(forbidden).is_some() && without.pointer(forbidden).is_none());
    assert_eq!(with.pointer(null).unwrap()["type"], "null");
    assert!(without.pointer(null).is_none());
}
