use std::collections::HashMap;

use tegata_jwt::{UserId, Verified};

use crate::settings::Settings;

/// Whom a token names.
pub enum Named {
    /// The user of that key.
    Id(UserId),
    /// The user of that name.
    Username(String),
}

/// What tokens name a user by.
#[derive(Clone, Copy)]
pub(super) enum NamedBy {
    Id,
    Username,
}

impl NamedBy {
    pub(super) fn of(field: &str, settings: &Settings) -> Self {
        if field == settings.users.username_field {
            Self::Username
        } else {
            Self::Id
        }
    }

    pub(super) fn name(self, name: UserId) -> Named {
        match self {
            Self::Id => Named::Id(name),
            Self::Username => Named::Username(name.to_string()),
        }
    }
}

/// What the tokens of other issuers name our users by, of those that do.
pub(super) struct NamesOfOthers(HashMap<String, NamedBy>);

impl NamesOfOthers {
    pub(super) fn new(settings: &Settings) -> Self {
        let named_by = settings.jwt.issuers.iter().filter_map(|issuer| {
            let (_, field) = issuer
                .user_id_claim
                .as_ref()
                .zip(issuer.user_id_field.as_ref())?;
            Some((issuer.issuer.clone(), NamedBy::of(field, settings)))
        });
        Self(named_by.collect())
    }

    pub(super) fn of(&self, token: &Verified) -> Option<Named> {
        let named_by = self.0.get(token.issuer()?)?;
        let name = token.user_id().ok().flatten()?;
        let is_odd = match (&name, named_by) {
            (UserId::Text(text), NamedBy::Id) => text.is_empty() || is_another_number(text),
            (UserId::Text(text), NamedBy::Username) => text.is_empty(),
            (UserId::Number(_), _) => false,
        };
        (!is_odd).then(|| named_by.name(name))
    }
}

/// Whether a text is one that a service behind the proxy may read as a number of ours, and its issuer
/// as another subject: `01`, `+1`, `1_0`, digits of another script.
fn is_another_number(text: &str) -> bool {
    let is_of_numbers = |c: char| c.is_numeric() || c.is_whitespace() || "+-_".contains(c);
    let is_plain = text
        .parse()
        .is_ok_and(|number: i64| number.to_string() == text);
    text.chars().all(is_of_numbers) && !is_plain
}
