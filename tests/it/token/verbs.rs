//! What the tests of tokens ask the service, and its database, to do.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::json;

use crate::app::{Answer, TestApp};

impl TestApp {
    pub(crate) async fn blacklist(&self, token: &str) -> Answer {
        self.post_member("/api/token/blacklist", "refresh", token)
            .await
    }

    pub(crate) async fn refresh_sliding(&self, token: &str) -> Answer {
        self.post_member("/api/token/sliding/refresh", "token", token)
            .await
    }

    pub(crate) async fn login_sliding(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        self.post("/api/token/sliding", body.to_string()).await
    }

    /// Alice's sliding token.
    pub(crate) async fn obtain_sliding(&self) -> String {
        self.login_sliding("alice", "alice-pw").await.text("token")
    }

    /// The user whose token this is, looked up.
    pub(crate) async fn get_user(&self, token: &str) -> Answer {
        self.get_user_with(bearer(token)).await
    }

    pub(crate) async fn get_user_with(&self, headers: HeaderMap) -> Answer {
        self.send_with(Method::GET, "/api/token/user", headers, "")
            .await
    }

    /// Whether the token opens what a proxy guards.
    pub(crate) async fn auth(&self, token: &str) -> Answer {
        self.send_with(Method::GET, "/api/token/auth", bearer(token), "")
            .await
    }

    /// Arranges in the database what no request can.
    pub(crate) fn execute(&self, sql: &str) {
        self.database.execute(sql);
    }

    /// The rows of a query.
    pub(crate) fn select(&self, sql: &str) -> Vec<String> {
        self.database.select(sql)
    }

    /// Blacklists whatever was issued, as one can in Django's admin.
    pub(crate) fn blacklist_all(&self) {
        self.execute(
            "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
             SELECT '2026-11-21 00:01:33', id FROM token_blacklist_outstandingtoken",
        );
    }

    pub(crate) fn disable_users(&self) {
        self.execute("UPDATE auth_user SET is_active = FALSE");
    }

    /// Deletes users as Django does: their tokens stay, and are nobody's.
    pub(crate) fn delete_users(&self) {
        self.execute(
            "UPDATE token_blacklist_outstandingtoken SET user_id = NULL; DELETE FROM auth_user",
        );
    }

    pub(crate) fn change_passwords(&self) {
        self.execute("UPDATE auth_user SET password = '!another'");
    }
}

impl Answer {
    /// A member of the body that is a text.
    pub(crate) fn text(&self, member: &str) -> String {
        let found = self.json()[member].as_str().map(str::to_owned);
        found.unwrap_or_else(|| panic!("no {member} in {}", self.line()))
    }
}

/// The header that shows a token.
pub(crate) fn bearer(token: &str) -> HeaderMap {
    authorization(format!("Bearer {token}").as_bytes())
}

/// An `Authorization` header of whatever bytes.
pub(crate) fn authorization(value: &[u8]) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())])
}

pub(crate) const INVALID: &str =
    r#"401 {"detail": "Token is invalid or expired", "code": "token_not_valid"}"#;
pub(crate) const BLACKLISTED: &str =
    r#"401 {"detail": "Token is blacklisted", "code": "token_not_valid"}"#;
pub(crate) const WRONG_TYPE: &str =
    r#"401 {"detail": "Token has wrong type", "code": "token_not_valid"}"#;
pub(crate) const NO_ACTIVE_ACCOUNT: &str = r#"401 {"detail": "No active account found for the given token.", "code": "authentication_failed"}"#;
pub(crate) const PASSWORD_CHANGED: &str =
    r#"401 {"detail": "The user's password has been changed.", "code": "password_changed"}"#;
