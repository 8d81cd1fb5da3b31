use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::list;

/// A way to hash passwords: a class of `django.contrib.auth.hashers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordHasher {
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2Sha256,
    /// PBKDF2 with HMAC-SHA-1.
    Pbkdf2Sha1,
    /// Argon2id.
    Argon2,
    /// Bcrypt of the password's SHA-256.
    BcryptSha256,
    /// Scrypt.
    Scrypt,
    /// Bcrypt of the password itself.
    Bcrypt,
    /// MD5, salted.
    Md5,
}

impl PasswordHasher {
    /// What its hashes begin with: its algorithm, as Django calls it.
    #[must_use]
    pub fn algorithm(self) -> &'static str {
        match self {
            Self::Pbkdf2Sha256 => "pbkdf2_sha256",
            Self::Pbkdf2Sha1 => "pbkdf2_sha1",
            Self::Argon2 => "argon2",
            Self::BcryptSha256 => "bcrypt_sha256",
            Self::Scrypt => "scrypt",
            Self::Bcrypt => "bcrypt",
            Self::Md5 => "md5",
        }
    }

    /// The name of its class in Django.
    fn class_name(self) -> &'static str {
        match self {
            Self::Pbkdf2Sha256 => "PBKDF2PasswordHasher",
            Self::Pbkdf2Sha1 => "PBKDF2SHA1PasswordHasher",
            Self::Argon2 => "Argon2PasswordHasher",
            Self::BcryptSha256 => "BCryptSHA256PasswordHasher",
            Self::Scrypt => "ScryptPasswordHasher",
            Self::Bcrypt => "BCryptPasswordHasher",
            Self::Md5 => "MD5PasswordHasher",
        }
    }

    /// Every hasher, those first that Django knows by default.
    pub const ALL: [Self; 7] = [
        Self::Pbkdf2Sha256,
        Self::Pbkdf2Sha1,
        Self::Argon2,
        Self::BcryptSha256,
        Self::Scrypt,
        Self::Bcrypt,
        Self::Md5,
    ];
}

impl FromStr for PasswordHasher {
    type Err = String;

    /// Finds a hasher by its algorithm, or by its class in Django, with the module or without.
    fn from_str(name: &str) -> Result<Self, String> {
        let class = name.strip_prefix("django.contrib.auth.hashers.");
        let is_named =
            |known: &Self| name == known.algorithm() || class.unwrap_or(name) == known.class_name();
        Self::ALL.into_iter().find(is_named).ok_or_else(|| {
            let known = Self::ALL.map(Self::algorithm).join(", ");
            format!("`{name}` is not one of {known}")
        })
    }
}

impl TryFrom<String> for PasswordHasher {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl Serialize for PasswordHasher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.algorithm())
    }
}

/// Django's `PASSWORD_HASHERS`: at least one, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHashers {
    preferred: PasswordHasher,
    others: Vec<PasswordHasher>,
}

impl PasswordHashers {
    /// The one that makes new hashes.
    #[must_use]
    pub fn preferred(&self) -> PasswordHasher {
        self.preferred
    }

    /// All that are known, the preferred one first.
    pub fn iter(&self) -> impl Iterator<Item = PasswordHasher> {
        std::iter::once(self.preferred).chain(self.others.iter().copied())
    }
}

impl Default for PasswordHashers {
    /// Those of Django 5.2.
    fn default() -> Self {
        let [preferred, others @ .., _bcrypt, _md5] = PasswordHasher::ALL;
        Self {
            preferred,
            others: others.to_vec(),
        }
    }
}

impl TryFrom<Vec<PasswordHasher>> for PasswordHashers {
    type Error = String;

    fn try_from(hashers: Vec<PasswordHasher>) -> Result<Self, Self::Error> {
        let Some((preferred, others)) = hashers.split_first() else {
            return Err("expected at least one hasher such as \"argon2\"".to_owned());
        };
        for (index, hasher) in hashers.iter().enumerate() {
            if hashers[..index].contains(hasher) {
                return Err(format!("`{}` is listed twice", hasher.algorithm()));
            }
        }
        Ok(Self {
            preferred: *preferred,
            others: others.to_vec(),
        })
    }
}

impl Serialize for PasswordHashers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PasswordHashers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hashers: Vec<PasswordHasher> = list::deserialize(deserializer)?;
        hashers.try_into().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hasher_may_be_named_by_its_algorithm_or_by_its_class() {
        for hasher in PasswordHasher::ALL {
            let class = hasher.class_name();
            let path = format!("django.contrib.auth.hashers.{class}");

            assert_eq!(hasher.algorithm().parse(), Ok(hasher));
            assert_eq!(class.parse(), Ok(hasher));
            assert_eq!(path.parse(), Ok(hasher));
        }
        assert!(
            "shop.hashers.Argon2PasswordHasher"
                .parse::<PasswordHasher>()
                .is_err()
        );
        assert!(
            "django.contrib.auth.hashers.argon2"
                .parse::<PasswordHasher>()
                .is_err()
        );
    }

    #[test]
    fn a_list_without_a_hasher_or_with_one_twice_is_refused() {
        let read = |json: &str| {
            let read = serde_json::from_str::<PasswordHashers>(json);
            read.map_err(|error| error.to_string())
        };

        assert!(
            read("[]")
                .unwrap_err()
                .contains("expected at least one hasher")
        );
        assert!(
            read(r#"["md5", "MD5PasswordHasher"]"#)
                .unwrap_err()
                .contains("`md5` is listed twice")
        );
        assert!(
            read(r#"["sha1"]"#)
                .unwrap_err()
                .contains("`sha1` is not one of pbkdf2_sha256, ")
        );
        assert!(read("7").unwrap_err().contains("a list of texts"));
        assert_eq!(read(r#""argon2""#).unwrap().iter().count(), 1);
    }
}
