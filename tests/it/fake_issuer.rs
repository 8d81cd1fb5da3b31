//! Another issuer: keys of its own, a key set on 127.0.0.1, and tokens that are signed by hand. What
//! it answers changes whenever a test says so.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tegata::settings::Settings;
use tegata_jwt::{Algorithm, IssuerSettings};

use crate::app::BEGIN;
use crate::token::signed::unsigned;

/// The name that the tokens of issuers must be for.
pub(crate) const AUDIENCE: &str = "orders-api";

/// An issuer with the key `k1`, which it publishes.
pub(crate) struct FakeIssuer {
    pub(crate) key: Key,
    address: SocketAddr,
    site: Arc<Site>,
}

/// What is answered, and how often it was asked for.
#[derive(Default)]
struct Site {
    answers: Mutex<HashMap<&'static str, String>>,
    asked: AtomicUsize,
    changed: Condvar,
}

impl FakeIssuer {
    pub(crate) fn spawn() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let site = Arc::new(Site::default());
        let served = Arc::clone(&site);
        thread::spawn(move || {
            for stream in listener.incoming() {
                served.answer(&stream.unwrap());
            }
        });
        let issuer = Self {
            key: Key::generate("k1"),
            address,
            site,
        };
        issuer.publish(&[issuer.key.jwk()]);
        issuer.answer(
            METADATA,
            200,
            &json!({ "issuer": issuer.name(), "jwks_uri": issuer.jwks_url() }).to_string(),
        );
        issuer
    }

    /// The claim `iss` of its tokens.
    pub(crate) fn name(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn jwks_url(&self) -> String {
        format!("{}{JWKS}", self.name())
    }

    /// Publishes these keys, and no other.
    pub(crate) fn publish(&self, keys: &[Value]) {
        self.answer(JWKS, 200, &json!({ "keys": keys }).to_string());
    }

    /// Has something else stand where its keys do.
    pub(crate) fn publish_text(&self, status: u16, text: &str) {
        self.answer(JWKS, status, text);
    }

    /// Answers no key set any more.
    pub(crate) fn go_away(&self) {
        self.answer(JWKS, 404, "");
    }

    fn answer(&self, path: &'static str, status: u16, body: &str) {
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        self.site.answers.lock().unwrap().insert(path, answer);
    }

    /// How often its key set was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.site.asked.load(Ordering::Relaxed)
    }

    /// Waits until its key set is asked for.
    pub(crate) fn wait_until_asked(&self) {
        let answers = self.site.answers.lock().unwrap();
        let is_unasked = |_: &mut _| self.asked() == 0;
        drop(self.site.changed.wait_while(answers, is_unasked).unwrap());
    }

    /// As a table of `config.toml`.
    pub(crate) fn table(&self) -> String {
        let (issuer, url) = (self.name(), self.jwks_url());
        format!(
            "[[jwt.issuers]]\nissuer = \"{issuer}\"\njwks_url = \"{url}\"\n\
             audience = \"{AUDIENCE}\"\nalgorithms = [\"ES256\"]\n"
        )
    }

    /// As a table of `[[jwt.issuers]]`.
    pub(crate) fn settings(&self) -> IssuerSettings {
        IssuerSettings {
            jwks_url: Some(self.jwks_url()),
            ..IssuerSettings::new(&self.name(), AUDIENCE, &[Algorithm::ES256])
        }
    }

    /// Trusts it, in these settings, and has a claim of its tokens name users.
    pub(crate) fn names_users_by(&self, claim: &str, field: &str, settings: &mut Settings) {
        settings.jwt.issuers.push(IssuerSettings {
            user_id_claim: Some(claim.to_owned()),
            user_id_field: Some(field.to_owned()),
            ..self.settings()
        });
    }

    /// A token of its, with these claims beside those that it must have. `null` takes one away.
    pub(crate) fn token(&self, further: &Value) -> String {
        let mut claims = json!({
            "iss": self.name(), "aud": AUDIENCE, "sub": "1", "exp": BEGIN + 300, "jti": "x",
        });
        for (name, value) in further.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims = claims.as_object_mut().unwrap();
        claims.retain(|_, value| !value.is_null());
        self.key.sign(&json!(claims))
    }
}

impl Site {
    fn answer(&self, mut stream: &TcpStream) {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let first = lines.next().unwrap_or_default();
        lines.find(String::is_empty);
        let path = first.split([' ', '?']).nth(1).unwrap_or_default();
        let answers = self.answers.lock().unwrap();
        if path == JWKS {
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.changed.notify_all();
        }
        let answer = answers.get(path).cloned();
        let answer = answer.unwrap_or_else(|| "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n".into());
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// A key for ES256 with a name.
pub(crate) struct Key {
    kid: &'static str,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn generate(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid, pair }
    }

    /// Its public part (RFC 7517 4).
    pub(crate) fn jwk(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({ "kty": "EC", "crv": "P-256", "kid": self.kid, "x": x, "y": y })
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid });
        self.sign_under(&header, claims)
    }

    /// A token of these claims under this header.
    pub(crate) fn sign_under(&self, header: &Value, claims: &Value) -> String {
        let input = unsigned(&header.to_string(), &claims.to_string());
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.unwrap());
        format!("{input}.{signature}")
    }
}

const JWKS: &str = "/jwks.json";
const METADATA: &str = "/.well-known/openid-configuration";
