use insta::assert_snapshot;
use tegata_jwt::Audience;

use crate::app::{BEGIN, TestApp};
use crate::token::signed::{claim, claims, sign};
use crate::token::verbs::INVALID;

/// A token with one further claim.
fn with(claim: &str) -> String {
    sign(&format!(r#"{{"exp":1795219593,"jti":"x"{claim}}}"#))
}

#[tokio::test]
async fn audience() {
    let one = || Some(Audience::One("billing".to_owned()));
    let app = TestApp::with_alice(|s| s.jwt.audience = one()).await;

    let pair = app.obtain_pair().await;
    let access = app.refresh(&pair.refresh).await.text("access");

    assert_eq!(claim(&access, "aud"), "billing");
    assert_eq!(app.get_user(&access).await.status, 200);
    let listed = with(r#","aud":["x","billing"]"#);
    assert_eq!(app.verify(&listed).await.status, 200);
    for aud in [r#""billing2""#, r#""Billing""#, "[]", r#"[1,"billing"]"#] {
        let token = with(&format!(r#","aud":{aud}"#));
        assert_eq!(app.verify(&token).await.line(), INVALID, "{aud}");
    }
    assert_eq!(app.verify(&with("")).await.line(), INVALID);
}

#[tokio::test]
async fn audience_of_several() {
    let several = Audience::Many(vec!["web".to_owned(), "app".to_owned()]);
    let app = TestApp::with_alice(|s| s.jwt.audience = Some(several)).await;

    let pair = app.obtain_pair().await;

    assert_eq!(
        claim(&pair.access, "aud"),
        serde_json::json!(["web", "app"])
    );
    assert_eq!(app.get_user(&pair.access).await.status, 200);
    assert_eq!(app.verify(&with(r#","aud":"app""#)).await.status, 200);
    assert_eq!(app.verify(&with(r#","aud":"other""#)).await.line(), INVALID);
}

#[tokio::test]
async fn issuer() {
    let app = TestApp::with_alice(|s| s.jwt.issuer = Some("https://id.example".to_owned())).await;

    let pair = app.obtain_pair().await;
    let access = app.refresh(&pair.refresh).await.text("access");

    assert_eq!(claim(&access, "iss"), "https://id.example");
    assert_eq!(app.get_user(&access).await.status, 200);
    for iss in [
        "",
        r#","iss":"https://id.example/""#,
        r#","iss":["https://id.example"]"#,
    ] {
        assert_eq!(app.verify(&with(iss)).await.line(), INVALID, "{iss}");
    }
}

#[tokio::test]
async fn user_id_field() {
    let app = TestApp::with_alice(|s| s.jwt.user_id_field = "username".to_owned()).await;

    let pair = app.obtain_pair().await;
    let access = app.refresh(&pair.refresh).await.text("access");

    assert_eq!(claim(&pair.access, "user_id"), "alice");
    assert_eq!(claim(&app.obtain_sliding().await, "user_id"), "alice");
    assert_eq!(
        app.get_user(&access).await.line(),
        r#"200 {"id": 1, "username": "alice"}"#
    );
    let users = app.select("SELECT user_id FROM token_blacklist_outstandingtoken");
    assert_eq!(users, ["1", "1"]);
}

#[tokio::test]
async fn user_id_claim() {
    let app = TestApp::with_alice(|s| s.jwt.user_id_claim = "uid".to_owned()).await;

    let pair = app.obtain_pair().await;

    assert_eq!(claim(&pair.access, "uid"), 1);
    assert_eq!(app.get_user(&pair.access).await.status, 200);
    app.disable_users();
    assert_eq!(app.refresh(&pair.refresh).await.status, 401);
}

#[tokio::test]
async fn user_id_claim_as_the_subject_is_a_text() {
    let app = TestApp::with_alice(|s| s.jwt.user_id_claim = "sub".to_owned()).await;

    let pair = app.obtain_pair().await;
    let access = app.refresh(&pair.refresh).await.text("access");

    assert_eq!(claim(&access, "sub"), "1");
    assert_eq!(app.auth(&access).await.header("x-auth-user-id"), Some("1"));
    assert_eq!(
        app.get_user(&access).await.line(),
        r#"200 {"id": 1, "username": "alice"}"#
    );
    assert_eq!(app.verify(&with(r#","sub":1"#)).await.line(), INVALID);
}

#[tokio::test]
async fn token_type_claim() {
    let app = TestApp::with_alice(|s| s.jwt.token_type_claim = Some("use".to_owned())).await;

    let pair = app.obtain_pair().await;

    assert_eq!(claim(&pair.refresh, "use"), "refresh");
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
    assert_eq!(app.refresh(&pair.access).await.status, 401);
}

#[tokio::test]
async fn without_a_token_type_claim_any_token_serves_as_any_other() {
    let app = TestApp::with_alice(|s| s.jwt.token_type_claim = None).await;

    let pair = app.obtain_pair().await;

    assert!(!claims(&pair.access).contains("type"));
    assert_eq!(app.refresh(&pair.access).await.status, 200);
    assert_eq!(app.get_user(&pair.refresh).await.status, 200);
    assert_eq!(app.blacklist(&pair.access).await.status, 200);
}

#[tokio::test]
async fn jti_claim() {
    let app = TestApp::with_alice(|s| s.jwt.jti_claim = Some("tid".to_owned())).await;

    let pair = app.obtain_pair().await;
    app.blacklist(&pair.refresh).await;

    let jti = claim(&pair.refresh, "tid");
    let rows = app.select("SELECT jti FROM token_blacklist_outstandingtoken");
    assert_eq!(rows, [jti.as_str().unwrap()]);
    assert_eq!(app.refresh(&pair.refresh).await.status, 401);
    assert_eq!(
        app.auth(&pair.access).await.header("x-auth-token-id"),
        claim(&pair.access, "tid").as_str()
    );
    assert_snapshot!(app.verify(&with("")).await.line(), @r#"401 {"detail": "Token has no id", "code": "token_not_valid"}"#);
}

#[tokio::test]
async fn with_another_jti_claim_jti_must_still_be_a_text() {
    let app = TestApp::with(|s| s.jwt.jti_claim = Some("tid".to_owned())).await;

    let text = sign(r#"{"exp":1795219593,"tid":"x","jti":"y"}"#);
    let number = sign(r#"{"exp":1795219593,"tid":"x","jti":1}"#);

    assert_eq!(app.verify(&text).await.status, 200);
    assert_eq!(app.verify(&number).await.line(), INVALID);
}

#[tokio::test]
async fn without_a_jti_claim_tokens_have_no_identifier() {
    let app = TestApp::with_alice(|s| {
        s.jwt.jti_claim = None;
        s.jwt.rotate_refresh_tokens = true;
        s.blacklist.enabled = false;
    })
    .await;

    let pair = app.obtain_pair().await;
    let rotated = app.refresh(&pair.refresh).await.text("refresh");

    assert!(!claims(&rotated).contains("jti"));
    assert_eq!(app.verify(&rotated).await.status, 200);
    assert_eq!(
        app.auth(&pair.access).await.header("x-auth-token-id"),
        Some("")
    );
    assert_eq!(
        app.refresh_sliding(&app.obtain_sliding().await)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn sliding_token_refresh_exp_claim() {
    let rename = "slides_until".to_owned();
    let app = TestApp::with_alice(|s| s.jwt.sliding_token_refresh_exp_claim = rename).await;
    let slides_until = |claim: &str| {
        sign(&format!(
            r#"{{"token_type":"sliding","exp":1795219593,"jti":"x"{claim}}}"#
        ))
    };

    let token = app.obtain_sliding().await;
    let over = app
        .refresh_sliding(&slides_until(r#","slides_until":1"#))
        .await;
    let missing = app
        .refresh_sliding(&slides_until(r#","refresh_exp":1795305693"#))
        .await;

    assert_eq!(claim(&token, "slides_until"), BEGIN + 86_400);
    assert_eq!(app.refresh_sliding(&token).await.status, 200);
    assert_snapshot!(over.line(), @r#"401 {"detail": "Token 'slides_until' claim has expired", "code": "token_not_valid"}"#);
    assert_snapshot!(missing.line(), @r#"401 {"detail": "Token has no 'slides_until' claim", "code": "token_not_valid"}"#);
}
