use std::str::FromStr;

use serde::de::Error;
use serde::{Deserializer, Serialize, Serializer};

use super::text;
use crate::claims::TokenType;

/// A kind of token that opens guarded endpoints: a class of `ninja_jwt.tokens`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenClass {
    /// Access tokens.
    Access,
    /// Refresh tokens.
    Refresh,
    /// Sliding tokens.
    Sliding,
    /// Tokens of any type or none.
    Untyped,
}

impl TokenClass {
    /// The type its tokens have; `None` where any will do.
    #[must_use]
    pub fn token_type(self) -> Option<TokenType> {
        match self {
            Self::Access => Some(TokenType::Access),
            Self::Refresh => Some(TokenType::Refresh),
            Self::Sliding => Some(TokenType::Sliding),
            Self::Untyped => None,
        }
    }

    /// Its name: that of its type, where it has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.token_type().map_or("untyped", TokenType::name)
    }

    /// The name of its class in Python.
    #[must_use]
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Access => "AccessToken",
            Self::Refresh => "RefreshToken",
            Self::Sliding => "SlidingToken",
            Self::Untyped => "UntypedToken",
        }
    }

    const ALL: [Self; 4] = [Self::Access, Self::Refresh, Self::Sliding, Self::Untyped];
}

impl FromStr for TokenClass {
    type Err = String;

    /// Finds a class by its name here or in Python, with its module or without.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let (module, class) = name.rsplit_once('.').unwrap_or(("", name));
        let is_known = matches!(
            module,
            "" | "ninja_jwt.tokens" | "rest_framework_simplejwt.tokens"
        );
        let mut all = Self::ALL.into_iter().filter(|_| is_known);
        all.find(|known| class == known.class_name() || name == known.name())
            .ok_or_else(|| {
                format!("`{name}` is not one of \"access\", \"refresh\", \"sliding\", \"untyped\"")
            })
    }
}

impl Serialize for TokenClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

pub(super) fn list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<TokenClass>, D::Error> {
    let names = text::list(deserializer)?;
    let classes = names.iter().map(|name| name.parse());
    classes.collect::<Result<_, _>>().map_err(D::Error::custom)
}
