mod columns;
mod database;
mod issuers;
mod jwks;
mod server;
mod work_factors;

use chrono::TimeDelta;

use super::{Blacklist, Settings};

/// Settings that are right each by itself, and wrong for what they mean or beside one another.
pub(super) struct Contradiction {
    /// Tables and keys that take part in it.
    pub(super) keys: Vec<(&'static str, &'static str)>,
    pub(super) reason: String,
}

pub(super) fn contradictions(settings: &Settings) -> Vec<Contradiction> {
    let jwt = &settings.jwt;
    let mut found = keys(jwt);
    if settings.compat.refresh_without_user && jwt.check_revoke_token {
        found.push(Contradiction {
            keys: vec![
                ("compat", "refresh_without_user"),
                ("jwt", "check_revoke_token"),
            ],
            reason: "without the user there is no password to compare with: choose one".to_owned(),
        });
    }
    found.extend(database::database(&settings.database));
    found.extend(without_blacklist(settings));
    found.extend(rotation(jwt));
    found.extend(spans(&settings.blacklist));
    found.extend(server::server(&settings.server));
    found.extend(claim_names(jwt));
    found.extend(user_id_field(settings));
    found.extend(header(jwt));
    found.extend(jwks::jwks(settings));
    found.extend(issuers::issuers(settings));
    found.extend(columns::columns(&settings.users));
    found.extend(work_factors::work_factors(&settings.users));
    found
}

/// Only what is unique can name a user.
fn user_id_field(settings: &Settings) -> Option<Contradiction> {
    let field = settings.jwt.user_id_field.as_str();
    let unique = unique_fields(settings);
    let reason = format!(
        "`{field}` is not one of {}: other columns may hold one value twice",
        unique.join(", ")
    );
    (!unique.contains(&field)).then(|| jwt_keys(&["user_id_field"], reason))
}

fn unique_fields(settings: &Settings) -> Vec<&str> {
    let mut unique = vec!["id", "pk", &settings.users.username_field];
    if settings.users.id_column != "id" {
        unique.push(&settings.users.id_column);
    }
    unique
}

/// A key comes from one place.
fn keys(jwt: &tegata_jwt::Settings) -> Vec<Contradiction> {
    let mut found = Vec::new();
    if jwt.signing_key.is_some() && jwt.signing_key_file.is_some() {
        found.push(jwt_keys(&["signing_key", "signing_key_file"], ONLY_ONE));
    }
    if jwt.verifying_key.is_some() && jwt.verifying_key_file.is_some() {
        found.push(jwt_keys(&["verifying_key", "verifying_key_file"], ONLY_ONE));
    }
    found
}

fn without_blacklist(settings: &Settings) -> Option<Contradiction> {
    let enabled = settings.blacklist.enabled;
    let (key, reason) = if settings.jwt.blacklist_after_rotation && !enabled {
        let reason = "what is rotated cannot be blacklisted: set enabled = true, or \
                      blacklist_after_rotation = false";
        ("blacklist_after_rotation", reason)
    } else if settings.jwt.jti_claim.is_none() && enabled {
        let reason = "a blacklist knows tokens by their id: set [blacklist] enabled = false";
        ("jti_claim", reason)
    } else {
        return None;
    };
    Some(Contradiction {
        keys: vec![("jwt", key), ("blacklist", "enabled")],
        reason: reason.to_owned(),
    })
}

fn rotation(jwt: &tegata_jwt::Settings) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let grace = jwt.refresh_grace_period.span();
    if grace < TimeDelta::zero() || grace > MAX_GRACE {
        let reason = "expected nothing to five minutes: for so long a stolen token is of use, too";
        found.push(jwt_keys(&["refresh_grace_period"], reason));
    }
    let stays = jwt.rotate_refresh_tokens && !jwt.blacklist_after_rotation;
    if jwt.refresh_reuse_detection && stays {
        let reason = "tokens that stay of use after their rotation may come again: set \
                      blacklist_after_rotation = true, or refresh_reuse_detection = false";
        let keys = ["refresh_reuse_detection", "blacklist_after_rotation"];
        found.push(jwt_keys(&keys, reason));
    }
    found
}

fn spans(blacklist: &Blacklist) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let mut refuse = |key, reason: &str| {
        found.push(Contradiction {
            keys: vec![("blacklist", key)],
            reason: reason.to_owned(),
        });
    };
    if blacklist.poll_interval.span() < MIN_POLL_INTERVAL {
        refuse("poll_interval", "expected 10 milliseconds or more");
    }
    if blacklist.max_staleness.span() < TimeDelta::zero() {
        refuse("max_staleness", "expected nothing or more");
    }
    let flush_interval = blacklist.flush_interval.span();
    if !flush_interval.is_zero() && flush_interval < MIN_FLUSH_INTERVAL {
        refuse(
            "flush_interval",
            "expected 0, which is never, or a minute or more",
        );
    }
    found
}

/// Two claims of one name, and names that RFC 7519 4.1 gives to others.
fn claim_names(jwt: &tegata_jwt::Settings) -> Vec<Contradiction> {
    let revoke_token_claim = Some(&jwt.revoke_token_claim).filter(|_| jwt.check_revoke_token);
    let claims = [
        ("user_id_claim", Some(&jwt.user_id_claim)),
        ("token_type_claim", jwt.token_type_claim.as_ref()),
        ("jti_claim", jwt.jti_claim.as_ref()),
        (
            "sliding_token_refresh_exp_claim",
            Some(&jwt.sliding_token_refresh_exp_claim),
        ),
        ("revoke_token_claim", revoke_token_claim),
    ];
    let claims = claims.map(|(key, name)| (key, name.map_or("", String::as_str)));
    let is_reserved = |(key, name): &(&str, &str)| {
        RESERVED_CLAIMS.contains(name)
            || *name == "jti" && *key != "jti_claim"
            || *name == "sub" && *key != "user_id_claim"
    };

    let (reserved, free): (Vec<_>, Vec<_>) = claims.into_iter().partition(is_reserved);
    let mut found = Vec::new();
    for (key, name) in reserved {
        let reason = format!("`{name}` has a meaning of its own (RFC 7519 4.1)");
        found.push(jwt_keys(&[key], reason));
    }
    for (index, (key, name)) in free.iter().enumerate() {
        let mut before = free[..index].iter();
        let same = before.find(|(_, other)| !name.is_empty() && other == name);
        if let Some((other, _)) = same {
            let reason = format!("both name the claim `{name}`");
            found.push(jwt_keys(&[other, key], reason));
        }
    }
    found
}

fn header(jwt: &tegata_jwt::Settings) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let name = &jwt.auth_header_name;
    if !is_token(&jwt.auth_header()) {
        let reason =
            format!("`{name}` is not the name of a header such as \"HTTP_X_TOKEN\" or \"X-Token\"");
        found.push(jwt_keys(&["auth_header_name"], reason));
    }
    if jwt.auth_header_types.is_empty() {
        let reason = "expected at least one word such as \"Bearer\"";
        found.push(jwt_keys(&["auth_header_types"], reason));
    }
    for word in jwt.auth_header_types.iter().filter(|word| !is_token(word)) {
        let reason = format!("`{word}` is not one word such as \"Bearer\"");
        found.push(jwt_keys(&["auth_header_types"], reason));
    }
    found
}

/// Whether a text is a token in the sense of RFC 9110 5.6.2, as names of headers and
/// authentication schemes are.
fn is_token(text: &str) -> bool {
    let is_tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(is_tchar)
}

fn jwt_keys(keys: &[&'static str], reason: impl Into<String>) -> Contradiction {
    Contradiction {
        keys: keys.iter().map(|key| ("jwt", *key)).collect(),
        reason: reason.into(),
    }
}

const MAX_GRACE: TimeDelta = TimeDelta::minutes(5);
const MIN_FLUSH_INTERVAL: TimeDelta = TimeDelta::minutes(1);
const MIN_POLL_INTERVAL: TimeDelta = TimeDelta::milliseconds(10);
const ONLY_ONE: &str = "give only one, and set the other to \"\" where it comes from elsewhere";
const RESERVED_CLAIMS: [&str; 5] = ["exp", "iat", "nbf", "iss", "aud"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Source, load};

    fn refusal(toml: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();

        let error = load(&Source::File(file.path().to_owned())).unwrap_err();
        let name = file.path().display().to_string();
        error.to_string().replace(&name, "config.toml")
    }

    #[test]
    fn the_defaults_do_not_contradict_one_another() {
        assert!(contradictions(&Settings::default()).is_empty());
    }

    #[test]
    fn a_key_comes_from_one_place() {
        assert_eq!(
            refusal("[jwt]\nsigning_key = \"a\"\nsigning_key_file = \"b\""),
            "config.toml: [jwt] signing_key and signing_key_file: give only one, and set the other \
             to \"\" where it comes from elsewhere"
        );
        assert_eq!(
            refusal("[jwt]\nverifying_key = \"a\"\nverifying_key_file = \"b\""),
            "config.toml: [jwt] verifying_key and verifying_key_file: give only one, and set the \
             other to \"\" where it comes from elsewhere"
        );
    }

    #[test]
    fn a_rotation_that_blacklists_needs_the_blacklist() {
        assert_eq!(
            refusal("[jwt]\nblacklist_after_rotation = true\n[blacklist]\nenabled = false"),
            "config.toml: [jwt] blacklist_after_rotation and [blacklist] enabled: what is rotated \
             cannot be blacklisted: set enabled = true, or blacklist_after_rotation = false"
        );
    }

    #[test]
    fn a_password_is_not_compared_where_users_are_not_looked_at() {
        assert_eq!(
            refusal("[compat]\nrefresh_without_user = true\n[jwt]\ncheck_revoke_token = true"),
            "config.toml: [compat] refresh_without_user and [jwt] check_revoke_token: without the \
             user there is no password to compare with: choose one"
        );
    }

    #[test]
    fn a_blacklist_needs_tokens_with_an_id() {
        assert_eq!(
            refusal("[jwt]\njti_claim = \"\""),
            "config.toml: [jwt] jti_claim and [blacklist] enabled: a blacklist knows tokens by \
             their id: set [blacklist] enabled = false"
        );
    }

    #[test]
    fn two_claims_of_one_name_are_refused() {
        assert_eq!(
            refusal("[jwt]\nuser_id_claim = \"x\"\njti_claim = \"x\""),
            "config.toml: [jwt] user_id_claim and jti_claim: both name the claim `x`"
        );
        assert_eq!(
            refusal("[jwt]\ncheck_revoke_token = true\nrevoke_token_claim = \"token_type\""),
            "config.toml: [jwt] token_type_claim and revoke_token_claim: both name the claim \
             `token_type`"
        );
    }

    #[test]
    fn a_claim_that_is_not_used_is_in_nobodys_way() {
        let mut settings = Settings::default();
        settings.jwt.revoke_token_claim = "exp".to_owned();
        settings.blacklist.enabled = false;
        settings.jwt.jti_claim = None;
        settings.jwt.token_type_claim = None;

        assert!(contradictions(&settings).is_empty());
    }

    #[test]
    fn a_claim_of_the_standard_is_not_given_another_meaning() {
        assert_eq!(
            refusal("[jwt]\nuser_id_claim = \"jti\"\ntoken_type_claim = \"aud\""),
            "config.toml: [jwt] user_id_claim: `jti` has a meaning of its own (RFC 7519 4.1)\n\
             config.toml: [jwt] token_type_claim: `aud` has a meaning of its own (RFC 7519 4.1)"
        );
        assert_eq!(
            refusal("[jwt]\nsliding_token_refresh_exp_claim = \"sub\""),
            "config.toml: [jwt] sliding_token_refresh_exp_claim: `sub` has a meaning of its own \
             (RFC 7519 4.1)"
        );
    }

    #[test]
    fn each_word_before_the_token_is_one_word() {
        assert_eq!(
            refusal("[jwt]\nauth_header_types = [\"Bearer\", \"JWT token\", \"\"]"),
            "config.toml: [jwt] auth_header_types: `JWT token` is not one word such as \"Bearer\"\n\
             config.toml: [jwt] auth_header_types: `` is not one word such as \"Bearer\""
        );
    }

    #[test]
    fn a_value_of_two_lines_is_told_in_one() {
        assert_eq!(
            refusal("[jwt]\nauth_header_types = [\"a\\nb\"]"),
            "config.toml: [jwt] auth_header_types: `a\\nb` is not one word such as \"Bearer\""
        );
    }

    #[test]
    fn a_header_may_be_named_as_in_wsgi_or_as_in_the_request() {
        let named = |name: &str| {
            let mut settings = Settings::default();
            settings.jwt.auth_header_name = name.to_owned();
            contradictions(&settings).is_empty()
        };

        assert!(named("HTTP_X_TOKEN") && named("X-Token"));
        assert!(!named("HTTP_") && !named("X-Tökèn") && !named("X: Token"));
    }
}
