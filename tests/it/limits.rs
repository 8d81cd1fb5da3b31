//! How many passwords may be guessed. A guess is a login with a wrong password; time stands still
//! unless a test moves it.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;
use tegata::settings::Settings;

use crate::app::{Answer, TestApp};

const WRONG: &str = "401 {\"detail\": \"No active account found with the given credentials\", \
                     \"code\": \"authentication_failed\"}";

fn limited(settings: &mut Settings) {
    settings.limits.enabled = true;
}

/// Limits on, and the connection's own address trusted as a proxy's.
fn behind_a_proxy(settings: &mut Settings) {
    limited(settings);
    settings.server.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().unwrap()];
}

impl TestApp {
    async fn guess(&self, username: &str) -> u16 {
        self.login(username, "wrong").await.status.as_u16()
    }

    /// A login whose `X-Forwarded-For` says this.
    async fn login_from(&self, address: &str, username: &str, password: &str) -> Answer {
        let headers =
            HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), address.parse().unwrap())]);
        let body = json!({ "username": username, "password": password }).to_string();
        self.send_with(Method::POST, "/api/token/pair", headers, body)
            .await
    }

    async fn guess_from(&self, address: &str, username: &str) -> u16 {
        let answer = self.login_from(address, username, "wrong").await;
        answer.status.as_u16()
    }
}

#[tokio::test]
async fn guessing_at_one_account_is_limited_and_then_the_right_password_is_not_looked_at_either() {
    let app = TestApp::with_alice(limited).await;

    for _ in 0..20 {
        assert_eq!(app.login("alice", "wrong").await.line(), WRONG);
    }

    let refused = app.login("alice", "alice-pw").await;
    assert_eq!(
        refused.line(),
        "429 {\"detail\": \"Request was throttled. Expected available in 3 seconds.\", \
         \"code\": \"throttled\"}"
    );
    assert_eq!(refused.header("retry-after"), Some("3"));
    assert_eq!(
        refused.header("content-type"),
        Some("application/json; charset=utf-8")
    );
}

#[tokio::test]
async fn a_limit_fills_up_evenly() {
    let app = TestApp::with_alice(limited).await;
    for _ in 0..20 {
        app.guess("alice").await;
    }

    app.advance(2);
    assert_eq!(app.guess("alice").await, 429);
    app.advance(1);
    assert_eq!(app.guess("alice").await, 401);
    assert_eq!(app.guess("alice").await, 429);
    app.advance(3);
    assert_eq!(app.login("alice", "alice-pw").await.status, 200);
}

#[tokio::test]
async fn logins_that_succeed_are_not_counted() {
    let app = TestApp::with_alice(limited).await;

    for _ in 0..70 {
        assert_eq!(app.login("alice", "alice-pw").await.status, 200);
    }

    assert_eq!(app.guess("alice").await, 401);
}

#[tokio::test]
async fn logins_that_succeed_at_once_are_all_let_in() {
    let app = TestApp::with_alice(limited).await;

    let body = r#"{"username": "alice", "password": "alice-pw"}"#;
    let answers = app.post_at_once("/api/token/pair", body, 70).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
}

#[tokio::test]
async fn a_login_that_succeeds_is_no_fresh_start_for_whoever_guesses() {
    let app = TestApp::with_alice(limited).await;
    for _ in 0..19 {
        app.guess("alice").await;
    }

    app.login("alice", "alice-pw").await;

    assert_eq!(app.guess("alice").await, 401);
    assert_eq!(app.guess("alice").await, 429);
}

#[tokio::test]
async fn what_is_no_guess_is_not_counted() {
    let app = TestApp::with_alice(limited).await;

    for body in ["", "{", "[]", "{}", r#"{"username": 1, "password": 2}"#] {
        for _ in 0..30 {
            let status = app.post("/api/token/pair", body).await.status;
            assert!(status == 400 || status == 422, "{status}");
        }
    }

    assert_eq!(app.guess("alice").await, 401);
}

#[tokio::test]
async fn a_flood_of_passwords_too_long_to_be_hashed_is_not_counted() {
    let app = TestApp::with_alice(limited).await;
    let long = "x".repeat(4097);

    for name in 0..61 {
        let answer = app.login(&name.to_string(), &long).await;
        assert_eq!(answer.status, 401);
    }

    assert_eq!(app.guess("alice").await, 401);
}

#[tokio::test]
async fn guesses_at_once_are_counted_before_they_are_answered() {
    let app = TestApp::with_alice(limited).await;

    let body = r#"{"username": "alice", "password": "wrong"}"#;
    let answers = app.post_at_once("/api/token/pair", body, 25).await;

    let looked_at = answers.iter().filter(|answer| answer.status == 401);
    assert!(looked_at.count() <= 20);
}

#[tokio::test]
async fn both_ways_to_log_in_count_together() {
    let app = TestApp::with_alice(limited).await;
    for _ in 0..20 {
        app.guess("alice").await;
    }

    let sliding = app.login_sliding("alice", "alice-pw").await;

    assert_eq!(sliding.status, 429);
}

#[tokio::test]
async fn password_spraying_over_many_accounts_is_limited_by_its_address() {
    let app = TestApp::with(limited).await;

    for account in 0..60 {
        assert_eq!(app.guess(&format!("user{account}")).await, 401);
    }

    assert_eq!(app.guess("user60").await, 429);
}

#[tokio::test]
async fn guessing_from_many_addresses_is_limited_by_the_account() {
    let app = TestApp::with_alice(behind_a_proxy).await;

    for host in 0..100 {
        let address = format!("192.0.2.{host}");
        assert_eq!(app.guess_from(&address, "alice").await, 401);
    }

    let refused = app.login_from("198.51.100.1", "alice", "alice-pw").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("36"));
    assert_eq!(app.guess_from("198.51.100.1", "bob").await, 401);
}

#[tokio::test]
async fn a_forged_forwarded_for_is_no_fresh_start() {
    let app = TestApp::with_alice(limited).await;

    for host in 0..20 {
        assert_eq!(
            app.guess_from(&format!("192.0.2.{host}"), "alice").await,
            401
        );
    }

    assert_eq!(app.guess_from("192.0.2.99", "alice").await, 429);
}

#[tokio::test]
async fn what_a_client_writes_before_its_proxy_is_no_fresh_start() {
    let app = TestApp::with_alice(behind_a_proxy).await;

    for host in 0..20 {
        let forged = format!("198.51.100.{host}, 192.0.2.9");
        assert_eq!(app.guess_from(&forged, "alice").await, 401);
    }

    assert_eq!(app.guess_from("192.0.2.9", "alice").await, 429);
    assert_eq!(app.guess_from("192.0.2.10", "alice").await, 401);
}

#[tokio::test]
async fn another_address_of_the_same_ipv6_network_is_no_fresh_start() {
    let app = TestApp::with_alice(behind_a_proxy).await;

    for host in 0..20 {
        let address = format!("2001:db8::{host:x}");
        assert_eq!(app.guess_from(&address, "alice").await, 401);
    }

    assert_eq!(app.guess_from("2001:db8::ffff:1", "alice").await, 429);
    assert_eq!(app.guess_from("2001:db8:0:1::1", "alice").await, 401);
}

#[tokio::test]
async fn a_variant_of_a_name_is_no_fresh_start() {
    let app = TestApp::with_alice(limited).await;

    for name in ["alice", "ALICE", "ａｌｉｃｅ", "Alice"] {
        for _ in 0..5 {
            assert_eq!(app.guess(name).await, 401);
        }
    }

    assert_eq!(app.guess("alice").await, 429);
}

#[tokio::test]
async fn who_does_not_exist_is_limited_alike() {
    let app = TestApp::with_alice(limited).await;
    app.create_user("ines", "ines-pw").await;
    app.execute("UPDATE auth_user SET is_active = FALSE WHERE username = 'ines'");

    let nobody = app.login("nobody", "alice-pw").await;
    let wrong = app.login("alice", "wrong").await;
    let inactive = app.login("ines", "ines-pw").await;

    let told = |answer: &Answer| {
        let of_us = |(name, _): &&(String, String)| name != "x-request-id" && name != "date";
        let headers: Vec<_> = answer.headers.iter().filter(of_us).cloned().collect();
        let account = answer.header("ratelimit").unwrap().split(", ").nth(1);
        let same = |(name, _): &(String, String)| name != "ratelimit";
        let headers: Vec<_> = headers.into_iter().filter(same).collect();
        (answer.line(), headers, account.map(str::to_owned))
    };
    assert_eq!(told(&nobody), told(&wrong));
    assert_eq!(told(&inactive), told(&wrong));
}

#[tokio::test]
async fn an_answer_says_what_is_left() {
    let app = TestApp::with_alice(limited).await;

    let wrong = app.login("alice", "wrong").await;
    let right = app.login("alice", "alice-pw").await;

    let policy = "\"address\";q=60;w=60, \"account\";q=20;w=60";
    let left = "\"address\";r=59;t=1, \"account\";r=19;t=3";
    for answer in [wrong, right] {
        assert_eq!(answer.header("ratelimit-policy"), Some(policy));
        assert_eq!(answer.header("ratelimit"), Some(left));
    }
}

#[tokio::test]
async fn tokens_go_on_while_their_account_is_guessed_at() {
    let app = TestApp::with_alice(limited).await;
    let pair = app.obtain_pair().await;
    for _ in 0..21 {
        app.guess("alice").await;
    }

    assert_eq!(app.verify(&pair.access).await.status, 200);
    assert_eq!(app.refresh(&pair.refresh).await.status, 200);
    assert_eq!(app.get_user(&pair.access).await.status, 200);
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let app = TestApp::with_alice(|s| s.limits.enabled = false).await;

    for _ in 0..70 {
        assert_eq!(app.guess("alice").await, 401);
    }

    assert_eq!(app.login("alice", "wrong").await.header("ratelimit"), None);
}

#[tokio::test]
async fn limits_are_settings() {
    let app = TestApp::with_alice(|s| {
        limited(s);
        s.limits.login_per_account_and_address = "2/h".parse().unwrap();
    })
    .await;
    app.guess("alice").await;
    app.guess("alice").await;

    let refused = app.login("alice", "alice-pw").await;

    assert_eq!(refused.header("retry-after"), Some("1800"));
}
