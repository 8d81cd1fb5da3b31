use unicode_normalization::UnicodeNormalization;

/// A user name as tegata creates it: NFKC, so that no look-alike form of a name is another user
/// (CVE-2019-19844), and of the characters Django allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Normalizes and checks a name.
    pub fn parse(name: &str) -> Result<Self, String> {
        let name: String = name.nfkc().collect();
        let is_allowed = |c: char| c.is_alphanumeric() || "@.+-_".contains(c);
        let length = name.chars().count();
        if !(1..=MAX_USERNAME_CHARACTERS).contains(&length) || !name.chars().all(is_allowed) {
            return Err(format!(
                "a user name is 1 to {MAX_USERNAME_CHARACTERS} letters, digits and @ . + - _"
            ));
        }
        Ok(Self(name))
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

/// The length of Django's column.
pub const MAX_USERNAME_CHARACTERS: usize = 150;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compatibility_variant_is_the_same_name() {
        assert_eq!(Username::parse("ａｌｉｃｅ"), Username::parse("alice"));
        assert_eq!(Username::parse("ﬁn"), Username::parse("fin"));
    }

    #[test]
    fn a_name_of_other_characters_is_refused() {
        for name in ["", "a b", "a\0", "a\n", "a/b", "<a>"] {
            assert!(Username::parse(name).is_err(), "{name:?}");
        }
        assert!(Username::parse(&"x".repeat(151)).is_err());
        assert!(Username::parse("ユーザー.1@example+x-y_z").is_ok());
    }
}
