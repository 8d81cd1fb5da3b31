//! The document at `/api/openapi.json`.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};
use tegata::settings::Settings;
use tegata_jwt::Lifetime;

use crate::app::{Answer, TestApp};

impl TestApp {
    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    async fn document(&self) -> Value {
        self.get("/api/openapi.json").await.json()
    }
}

/// The document of a service under other settings.
async fn document(change: impl FnOnce(&mut Settings)) -> Value {
    TestApp::with(change).await.document().await
}

fn paths(document: &Value) -> BTreeMap<&str, &Value> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .map(|(path, item)| (path.as_str(), item))
        .collect()
}

#[tokio::test]
async fn the_document_knows_every_route_and_no_other() {
    let document = document(|_| {}).await;
    let routes = |file: &str, prefix: &str| {
        let code = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let routes = code.split(".route(\"").skip(1);
        let paths = routes.map(|rest| rest.split('"').next().unwrap());
        // One endpoint, which answers below its path, too.
        let paths = paths.filter(|path| !path.starts_with("/auth/"));
        paths
            .map(|path| format!("{prefix}{path}"))
            .collect::<Vec<_>>()
    };

    let tokens = routes("src/token/mod.rs", "/api/token");
    let shell = routes("src/http/health.rs", "");
    let routes: BTreeSet<_> = tokens.iter().chain(&shell).map(String::as_str).collect();

    assert!(!tokens.is_empty() && !shell.is_empty());
    assert_eq!(
        paths(&document).into_keys().collect::<BTreeSet<_>>(),
        routes
    );
}

#[tokio::test]
async fn each_path_has_the_methods_that_the_document_names() {
    let app = TestApp::spawn().await;
    let document = app.document().await;

    let mut paths = paths(&document);
    paths.remove("/api/token/auth").unwrap();
    for (path, item) in paths {
        let other = Method::from_bytes(b"PROPFIND").unwrap();
        let refused = app.send(other, path, "").await;
        let allowed = refused.header("allow").unwrap().replace(",HEAD", "");
        let named: Vec<_> = item.as_object().unwrap().keys().collect();

        assert_eq!([&allowed.to_lowercase()], named.as_slice(), "{path}");
    }
}

#[tokio::test]
async fn what_is_said_of_bodies_that_do_not_fit_is_what_is_answered() {
    let app = TestApp::spawn().await;
    let document = app.document().await;

    let mut posts = paths(&document);
    posts.retain(|_, item| item.get("post").is_some());
    assert_eq!(posts.len(), 6);
    for (path, item) in posts {
        let responses = &item["post"]["responses"];
        let examples = |status: &str| &responses[status]["content"]["application/json"]["examples"];
        let said = |status, name| &examples(status)[name]["value"];

        assert_eq!(
            said("422", "there_is_no_body"),
            &app.post(path, "").await.json()
        );
        assert_eq!(
            said("422", "the_body_is_no_object"),
            &app.post(path, "7").await.json()
        );
        assert_eq!(
            said("400", "the_body_is_not_json"),
            &app.post(path, "{,").await.json()
        );
        assert_eq!(
            said("400", "members_are_missing"),
            &app.post(path, "{}").await.json()
        );
    }
}

#[tokio::test]
async fn each_header_of_the_document_is_on_the_answer() {
    let app = TestApp::with_alice(|s| s.limits.enabled = true).await;
    let document = app.document().await;
    let login = app.login("alice", "alice-pw").await;
    let bearer = format!("Bearer {}", login.text("access"));
    let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer.parse().unwrap())]);
    let get = async |path| app.send_with(Method::GET, path, headers.clone(), "").await;

    for (answer, path, method, status) in [
        (login, "/api/token/pair", "post", "200"),
        (
            app.post("/api/token/pair", "").await,
            "/api/token/pair",
            "post",
            "422",
        ),
        (
            get("/api/token/user").await,
            "/api/token/user",
            "get",
            "200",
        ),
        (
            get("/api/token/auth").await,
            "/api/token/auth",
            "get",
            "200",
        ),
        (
            app.get("/api/token/auth").await,
            "/api/token/auth",
            "get",
            "401",
        ),
        (get("/readyz").await, "/readyz", "get", "200"),
    ] {
        let told = &document["paths"][path][method]["responses"][status]["headers"];
        let told = told.as_object().unwrap();

        assert_eq!(answer.status.as_str(), status);
        for name in told.keys() {
            let name = name.to_lowercase();
            assert!(answer.header(&name).is_some(), "{path} {status} {name}");
        }
    }
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let document = document(|_| {}).await;

    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1);
    let mut references = references
        .map(|rest| rest.split('"').next().unwrap())
        .peekable();

    assert!(references.peek().is_some());
    let dead: Vec<_> = references
        .filter(|to| document.pointer(to).is_none())
        .collect();
    assert!(dead.is_empty(), "{dead:?}");
}

#[tokio::test]
async fn the_document_follows_the_prefix() {
    let app = TestApp::with(|s| s.server.api_prefix = "/v1".to_owned().try_into().unwrap()).await;
    let bare = TestApp::with(|s| s.server.api_prefix = String::new().try_into().unwrap()).await;

    let document = app.get("/v1/openapi.json").await.json();

    assert!(document["paths"]["/v1/token/pair"].is_object());
    assert_eq!(app.get("/api/openapi.json").await.status, 404);
    let document = bare.get("/openapi.json").await.json();
    assert!(document["paths"]["/token/pair"].is_object());
    assert_eq!(bare.get("/docs").await.status, 200);
}

#[tokio::test]
async fn the_document_has_the_projects_name_of_the_user_name() {
    let document = document(|s| s.users.username_field = "email".into()).await;

    let schemas = &document["components"]["schemas"];
    let input = &schemas["TokenObtainPairInputSchema"];
    let missing = "/paths/~1api~1token~1pair/post/responses/400/content/application~1json/examples/\
                   members_are_missing/value/email";

    assert_eq!(input["required"], json!(["email", "password"]));
    assert_eq!(input["properties"]["email"]["title"], "Email");
    assert_eq!(document.pointer(missing).unwrap(), "email is required");
}

#[tokio::test]
async fn the_document_knows_no_blacklist_where_there_is_none() {
    let document = document(|s| s.blacklist.enabled = false).await;

    let text = document.to_string();
    assert!(document["paths"]["/api/token/refresh"].is_object());
    for word in ["token_blacklist", "token/blacklist", "Token is blacklisted"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test]
async fn the_document_says_what_becomes_of_a_refresh_token() {
    let of_refresh = |document: Value| {
        let path = "/paths/~1api~1token~1refresh/post/description";
        document.pointer(path).unwrap().as_str().unwrap().to_owned()
    };
    let rotating = |s: &mut Settings| {
        s.jwt.rotate_refresh_tokens = true;
        s.jwt.blacklist_after_rotation = true;
        s.jwt.refresh_grace_period = Lifetime::seconds(10);
    };

    let kept = of_refresh(document(|_| {}).await);
    let rotated = of_refresh(document(rotating).await);

    assert!(kept.ends_with("comes back as it was sent."), "{kept}");
    assert!(rotated.ends_with("is of use no more."), "{rotated}");
}

#[tokio::test]
async fn the_document_says_how_a_token_is_shown() {
    let scheme = |document: Value| document["components"]["securitySchemes"]["JWTAuth"].clone();
    let of_its_own = |s: &mut Settings| {
        s.jwt.auth_header_name = "HTTP_X_TOKEN".into();
        s.jwt.auth_header_types = vec!["JWT".into()];
    };

    let usual = scheme(document(|_| {}).await);
    let own = scheme(document(of_its_own).await);

    assert_eq!(
        usual,
        json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" })
    );
    let description = "`JWT`, a blank, and the token.";
    let header =
        json!({ "type": "apiKey", "in": "header", "name": "x-token", "description": description });
    assert_eq!(own, header);
}
