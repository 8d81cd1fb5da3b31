use super::Settings;

/// Settings that are right each by itself, and wrong for what they mean or beside one another.
pub(super) struct Contradiction {
    /// Tables and keys that take part in it.
    pub(super) keys: Vec<(&'static str, &'static str)>,
    pub(super) reason: String,
}

pub(super) fn contradictions(settings: &Settings) -> Vec<Contradiction> {
    let jwt = &settings.jwt;
    let mut found = Vec::new();
    if jwt.signing_key.is_some() && jwt.signing_key_file.is_some() {
        found.push(jwt_keys(&["signing_key", "signing_key_file"], ONLY_ONE));
    }
    if jwt.verifying_key.is_some() && jwt.verifying_key_file.is_some() {
        found.push(jwt_keys(&["verifying_key", "verifying_key_file"], ONLY_ONE));
    }
    found.extend(without_blacklist(settings));
    found.extend(claim_names(jwt));
    if !USER_ID_FIELDS.contains(&jwt.user_id_field.as_str()) {
        let reason = format!(
            "`{}` is not one of id, pk, username: other columns may hold one value twice",
            jwt.user_id_field
        );
        found.push(jwt_keys(&["user_id_field"], reason));
    }
    found.extend(header(jwt));
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
        RESERVED_CLAIMS.contains(name) || *name == "jti" && *key != "jti_claim"
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
    if !is_token(name.strip_prefix("HTTP_").unwrap_or(name)) {
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

const ONLY_ONE: &str = "give only one, and set the other to \"\" where it comes from elsewhere";
const USER_ID_FIELDS: [&str; 3] = ["id", "pk", "username"];
const RESERVED_CLAIMS: [&str; 5] = ["exp", "iat", "nbf", "iss", "aud"];
