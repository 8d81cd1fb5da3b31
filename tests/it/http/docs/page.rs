//! The page at `/api/docs`.

use reqwest::Method;
use reqwest::header::{HeaderMap, IF_NONE_MATCH};

use crate::app::TestApp;

#[tokio::test]
async fn what_a_browser_has_already_is_not_sent_again() {
    let app = TestApp::spawn().await;

    for path in [
        "/api/openapi.json",
        "/api/docs/",
        "/api/docs/swagger-ui.css",
    ] {
        let first = app.get(path).await;
        let etag = first.header("etag").unwrap();
        let again = async |etag: &str| {
            let known = HeaderMap::from_iter([(IF_NONE_MATCH, etag.parse().unwrap())]);
            app.send_with(Method::GET, path, known, "").await
        };
        let second = again(&format!("\"other\", W/{etag}")).await;

        assert_eq!(first.header("cache-control"), Some("no-cache"));
        assert_eq!((second.status.as_u16(), second.body.as_str()), (304, ""));
        assert_eq!(second.header("etag"), Some(etag));
        assert_eq!(again("\"other\"").await.status, 200);
    }
}

#[tokio::test]
async fn the_page_brings_all_it_needs_and_lets_nothing_else_in() {
    let app = TestApp::spawn().await;

    let page = app.get("/api/docs").await;
    let files = page
        .body
        .split(['"'])
        .filter(|text| text.contains('.') && !text.contains(' '));
    let files: Vec<_> = files.collect();

    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(policy.ends_with("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(files.len(), 5, "{files:?}");
    for file in files {
        assert_eq!(
            app.get(&format!("/api/docs/{file}")).await.status,
            200,
            "{file}"
        );
    }
    assert_eq!(app.get("/api/docs/index.html").await.status, 404);
}

#[tokio::test]
async fn without_docs_there_is_neither_document_nor_page() {
    let app = TestApp::with(|s| s.server.docs = false).await;

    for path in [
        "/api/openapi.json",
        "/api/docs",
        "/api/docs/",
        "/api/docs/start.js",
    ] {
        let answer = app.get(path).await;

        assert_eq!(answer.line(), "404 {\"detail\": \"Not Found\"}", "{path}");
    }
    assert_eq!(app.post("/api/token/verify", "{}").await.status, 400);
}
