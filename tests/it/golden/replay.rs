//! A recording played against a service of its own.

use chrono::{DateTime, Utc};
use insta::{assert_snapshot, with_settings};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tegata::settings::Settings;

use super::different::is_different;
use super::recording::{Exchange, exchanges, token_members, tokens};
use super::{COMBOS, Combo};
use crate::app::{Answer, BEGIN, TestApp};
use crate::token::signed::{claim, claims, header, sign, unsigned};

/// Plays a recording: the answers must be the recorded ones, or, where they are meant to differ,
/// those of the snapshot.
pub(super) async fn replay(combo: &str, name: &str) {
    let combo = COMBOS.iter().find(|known| known.name == combo).unwrap();
    let mut stage = Stage::new(combo).await;

    let mut is_same = true;
    let mut transcript = String::new();
    for exchange in exchanges(combo.recordings, name) {
        let told = stage.play(&exchange).await;
        let of = format!(
            "{}/{name}, {} {}",
            combo.name, exchange.method, exchange.path
        );
        assert!(
            told == exchange.told || is_different(combo.name, name),
            "{of}: answered\n{told}\nrecorded\n{}",
            exchange.told
        );
        is_same &= told == exchange.told;
        transcript.extend([&exchange.asked, "\n", &told, "\n"]);
    }

    if is_different(combo.name, name) {
        assert!(!is_same, "{}/{name} differs no longer", combo.name);
        with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            assert_snapshot!(format!("{}__{name}", combo.name), without_letters(&transcript));
        });
    }
}

/// The service of a recording, and what it has issued so far.
struct Stage {
    app: TestApp,
    settings: Settings,
    now: DateTime<Utc>,
    /// Recorded and live.
    tokens: Vec<(String, String)>,
    /// Recorded and live.
    jtis: Vec<(String, String)>,
}

impl Stage {
    async fn new(combo: &Combo) -> Self {
        let app = TestApp::with(combo.settings).await;
        app.create_user("alice", "alice-pw").await;
        app.create_user("inactive", "inactive-pw").await;
        app.create_user("ユーザー", "пароль-密码").await;
        let arrange = "UPDATE auth_user SET is_active = FALSE WHERE username = 'inactive';
                       UPDATE auth_user SET id = 6 WHERE username = 'ユーザー';";
        app.execute(arrange);

        let mut settings = Settings::default();
        (combo.settings)(&mut settings);
        Self {
            app,
            settings,
            now: DateTime::from_timestamp(BEGIN, 0).unwrap(),
            tokens: Vec::new(),
            jtis: Vec::new(),
        }
    }

    /// Sends a recorded request with the live tokens, and tells the answer with the recorded ones.
    async fn play(&mut self, exchange: &Exchange<'_>) -> String {
        self.now = self.moment(exchange);
        self.app.set_time(self.now);

        let mut answer = self.send(exchange).await;

        let recorded = token_members(exchange.answer);
        let body = answer.body.clone();
        for (member, live) in token_members(&body) {
            let namesake = recorded.iter().find(|(name, _)| *name == member);
            if let Some((_, recorded)) = namesake {
                answer.body = answer.body.replace(live, &self.as_recorded(recorded, live));
                self.tokens.push(((*recorded).to_owned(), live.to_owned()));
            }
        }
        exchange.tell(&answer)
    }

    async fn send(&self, exchange: &Exchange<'_>) -> Answer {
        let live = |text: &str| {
            let tokens = self.tokens.iter();
            tokens.fold(text.to_owned(), |text, (recorded, live)| {
                text.replace(recorded, live)
            })
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &exchange.headers {
            let name: HeaderName = name.parse().unwrap();
            headers.insert(name, live(value).parse().unwrap());
        }
        let method = Method::try_from(exchange.method).unwrap();
        self.app
            .send_with(method, exchange.path, headers, live(&exchange.request))
            .await
    }

    /// When an exchange was recorded, as far as its tokens tell: what was issued has its `exp`,
    /// what was sent had been issued before.
    fn moment(&self, exchange: &Exchange<'_>) -> DateTime<Utc> {
        let jwt = &self.settings.jwt;
        let lifetime = |member: &str| match member {
            "access" => Some(jwt.access_token_lifetime),
            "token" => Some(jwt.sliding_token_lifetime),
            _ => None,
        };
        let mut issued = token_members(exchange.answer).into_iter();
        let issued =
            issued.find_map(|(member, token)| Some(date(token, "exp")? - lifetime(member)?.span()));

        let sent = tokens(&exchange.asked).filter_map(|token| date(token, "iat"));
        issued.unwrap_or_else(|| sent.fold(self.now, DateTime::max))
    }

    /// A live token as it would be, had the recorded service issued it: the same to the letter, if
    /// they differ in nothing but `jti` and signature.
    fn as_recorded(&mut self, recorded: &str, live: &str) -> String {
        let live_claims = claims(live);
        let claims = self.with_recorded_jti(recorded, live);
        if self.settings.jwt.algorithm.is_symmetric() {
            assert_eq!(sign(&live_claims), live, "header and signature");
            return sign(&claims);
        }
        // The recorded private key is not ours: its signature is taken as it is.
        let (_, signature) = recorded.rsplit_once('.').unwrap();
        format!("{}.{signature}", unsigned(&header(live), &claims))
    }

    /// One recorded `jti` stands for one live one, throughout a recording.
    fn with_recorded_jti(&mut self, recorded: &str, live: &str) -> String {
        let name = self.settings.jwt.jti_claim.clone().unwrap();
        let jti = |token| match claim(token, &name) {
            Value::String(jti) => jti,
            _ => panic!("no text as the claim {name} in {}", claims(token)),
        };
        let (recorded_jti, live_jti) = (jti(recorded), jti(live));
        assert_eq!(live_jti.len(), recorded_jti.len(), "{live_jti}");

        let mut known = self.jtis.iter();
        let known = known.find(|(of, to)| *of == recorded_jti || *to == live_jti);
        let (recorded_jti, live_jti) = known.cloned().unwrap_or((recorded_jti, live_jti));
        self.jtis.push((recorded_jti.clone(), live_jti.clone()));
        claims(live).replace(&live_jti, &recorded_jti)
    }
}

/// The moment a claim names.
fn date(token: &str, name: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(claim(token, name).as_i64()?, 0)
}

/// A transcript whose tokens are told by their header and claims alone.
fn without_letters(transcript: &str) -> String {
    tokens(transcript).fold(transcript.to_owned(), |text, token| {
        text.replace(token, "…")
    })
}
