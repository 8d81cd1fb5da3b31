//! A service of one's own: a real port, a database of its own, a clock that stands still.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tegata::app::App;
use tegata::http::{Listeners, Live, Tls};
use tegata::settings::Settings;
use tegata::store::{NewUser, Store};
use tegata::{http, keys};
use tegata_jwt::{Clock, UserId};
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use crate::database::Database;
use crate::tls;

/// An HTTP client that takes a hanging service for a failure.
pub(crate) fn client() -> Client {
    Client::builder()
        .no_proxy()
        .no_gzip()
        .timeout(Duration::from_mins(1))
        .build()
        .unwrap()
}

/// The moment at which every test begins: 2026-11-21 00:01:33 UTC.
pub(crate) const BEGIN: i64 = 1_795_219_293;
/// The signing key of every test, HS256.
pub(crate) const SECRET: &str =
    "insecure-reference-key-0123456789abcdef0123456789abcdef0123456789abcdef";

pub(crate) struct TestApp {
    clock: Clock,
    app: Arc<App>,
    origin: String,
    secure_origin: OnceCell<String>,
    client: Client,
    pub(crate) database: Arc<Database>,
}

impl TestApp {
    pub(crate) async fn spawn() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Arc::new(Database::new()), change).await
    }

    async fn on(database: Arc<Database>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        settings.database.url = database.url().try_into().unwrap();
        settings.keys.dir = database.folder().join("keys");
        settings.jwt.signing_key = Some(SECRET.into());
        settings.users.pbkdf2_iterations = 1;
        settings.limits.enabled = false;
        change(&mut settings);

        let clock = Clock::fixed(DateTime::from_timestamp(BEGIN, 0).unwrap());
        Store::migrate(&settings, clock.now()).await.unwrap();
        let store = Store::open(&settings).await.unwrap();
        let key = keys::configured(&settings).unwrap().unwrap();
        let follows = settings.blacklist.enabled;
        let app = App::new(settings, store, key, &clock).unwrap();
        if follows {
            app.blacklist.poll().await.unwrap();
        }

        Self::serving(app, database).await
    }

    async fn serving(app: Arc<App>, database: Arc<Database>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let app = Self {
            clock: app.clock.clone(),
            app,
            origin,
            secure_origin: OnceCell::new(),
            client: client(),
            database,
        };
        app.answer_at(listener.into());
        app
    }

    /// The user `alice` with the password `alice-pw`, and the service.
    pub(crate) async fn spawn_with_alice() -> Self {
        Self::with_alice(|_| {}).await
    }

    /// The user `alice`, and the service under other settings.
    pub(crate) async fn with_alice(change: impl FnOnce(&mut Settings)) -> Self {
        let app = Self::with(change).await;
        app.create_user("alice", "alice-pw").await;
        app
    }

    pub(crate) async fn create_user(&self, username: &str, password: &str) -> UserId {
        let user = NewUser {
            username: username.to_owned(),
            ..NewUser::default()
        };
        let password = Zeroizing::new(password.to_owned());
        self.app
            .accounts
            .create(user, Some(password))
            .await
            .unwrap()
            .unwrap()
    }

    /// Why a user cannot be created.
    pub(crate) async fn try_to_create_user(&self, username: &str) -> String {
        let user = NewUser {
            username: username.to_owned(),
            ..NewUser::default()
        };
        let refused = self.app.accounts.create(user, None).await;
        refused.unwrap_err().to_string()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    pub(crate) fn set_time(&self, time: DateTime<Utc>) {
        self.clock.advance(time - self.clock.now());
    }

    /// Lets the service see what others wrote to the database.
    pub(crate) async fn poll(&self) {
        self.app.blacklist.poll().await.unwrap();
    }

    /// Lets the service look for a database that is not there.
    pub(crate) async fn poll_in_vain(&self) {
        assert!(self.app.blacklist.poll().await.is_err());
    }

    /// Whether the service looks for blacklisted tokens in memory under other settings, right after
    /// they were reloaded.
    pub(crate) fn trusts_memory_after(&self, change: impl FnOnce(&mut Settings)) -> bool {
        let mut settings = self.app.settings.clone();
        change(&mut settings);
        let key = keys::configured(&settings).unwrap().unwrap();
        let reloaded = self.app.reloaded(settings, key).unwrap();
        reloaded.blacklist.is_followed()
    }

    /// The same service under other settings, as after a reload.
    pub(crate) async fn reloaded(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.app.settings.clone();
        change(&mut settings);
        let key = keys::configured(&settings).unwrap().unwrap();
        let app = self.app.reloaded(settings, key).unwrap();
        Self::serving(app, Arc::clone(&self.database)).await
    }

    /// Ends all tokens of Alice's, as `tegata users revoke` does.
    pub(crate) async fn revoke_alice(&self) -> usize {
        let alice = UserId::Number(1);
        self.app.blacklist.end_all_of(alice).await.unwrap()
    }

    /// Waits until all is written that the service has to write by now.
    pub(crate) async fn written(&self) {
        self.app.store.settle().await;
    }

    /// Flushes as the service does by itself.
    pub(crate) async fn flush(&self) {
        self.app.blacklist.flush_unattended().await.unwrap();
    }

    /// Another service on the same database.
    pub(crate) async fn neighbour(&self, change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Arc::clone(&self.database), change).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Where the same is served over TLS.
    pub(crate) async fn secure_origin(&self) -> &str {
        let serve = async || {
            let tls = Tls::read(&tls::server("server"), self.clock.now()).unwrap();
            self.serve(|listeners| listeners.tls = tls).await
        };
        let address = self
            .secure_origin
            .get_or_init(|| async { format!("https://{}", serve().await) });
        address.await
    }

    /// Serves at one more address, in another way.
    pub(crate) async fn serve(&self, change: impl FnOnce(&mut Listeners)) -> SocketAddr {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let mut listeners = Listeners::from(tcp);
        change(&mut listeners);
        self.answer_at(listeners);
        address
    }

    fn answer_at(&self, listeners: Listeners) {
        let live = Live::new(Arc::clone(&self.app), listeners.metrics.is_some());
        let max_connections = self.app.settings.server.max_connections;
        let never = std::future::pending();
        tokio::spawn(async move { http::serve(listeners, max_connections, &live, never).await });
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.send_with(method, path, HeaderMap::new(), body).await
    }

    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = self.client.request(method, self.url(path)).headers(headers);
        Answer::read(request.body(body.into()).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn post_as(&self, content_type: &str, path: &str, body: &str) -> Answer {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
        self.send_with(Method::POST, path, headers, body).await
    }

    /// Posts a body of one member that is a text.
    pub(crate) async fn post_member(&self, path: &str, name: &str, text: &str) -> Answer {
        self.post(path, json!({ name: text }).to_string()).await
    }

    /// The same request many times, none of which waits for another.
    pub(crate) async fn post_at_once(&self, path: &str, body: &str, times: usize) -> Vec<Answer> {
        let mut requests = JoinSet::new();
        for _ in 0..times {
            let request = self.client.post(self.url(path)).body(body.to_owned());
            requests.spawn(async move { Answer::read(request.send().await.unwrap()).await });
        }
        requests.join_all().await
    }

    pub(crate) async fn login(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        self.post("/api/token/pair", body.to_string()).await
    }

    /// Alice's token pair.
    pub(crate) async fn obtain_pair(&self) -> Pair {
        let answer = self.login("alice", "alice-pw").await;
        Pair {
            refresh: answer.text("refresh"),
            access: answer.text("access"),
        }
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post_member("/api/token/refresh", "refresh", token)
            .await
    }

    pub(crate) async fn verify(&self, token: &str) -> Answer {
        self.post_member("/api/token/verify", "token", token).await
    }

    /// What the service answers to each body, line by line.
    pub(crate) async fn transcript(&self, path: &str, bodies: &[&str]) -> String {
        let mut lines = String::new();
        for body in bodies {
            let answer = self.post(path, *body).await;
            lines.extend([*body, "\n  ", &answer.line(), "\n"]);
        }
        lines
    }
}

pub(crate) struct Pair {
    pub(crate) refresh: String,
    pub(crate) access: String,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)));
        Self {
            status: response.status(),
            headers: headers.collect(),
            body: response.text().await.unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Status and body in one line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.body)
    }
}
