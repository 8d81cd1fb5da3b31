use unicode_normalization::UnicodeNormalization;

/// A user name as tegata creates it: NFKC, so that no look-alike form of a name is another user
/// (CVE-2019-19844), and of the characters Django allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Normalizes and checks a name of at most so many characters, for this `USERNAME_FIELD`. That of
    /// Django's own model is of certain characters only.
    pub fn parse(name: &str, field: &str, max_characters: usize) -> Result<Self, String> {
        let name: String = name.nfkc().collect();
        let is_djangos = field == "username";
        let is_allowed = |c: char| match c {
            _ if is_djangos => c.is_alphanumeric() || "@.+-_".contains(c),
            _ => !c.is_control() && !c.is_whitespace(),
        };
        let length = name.chars().count();
        if !(1..=max_characters).contains(&length) || !name.chars().all(is_allowed) {
            let characters = if is_djangos {
                "letters, digits and @ . + - _"
            } else {
                "characters, none of them blank"
            };
            return Err(format!("a {field} is 1 to {max_characters} {characters}"));
        }
        Ok(Self(name))
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<Username, String> {
        Username::parse(name, "username", 150)
    }

    #[test]
    fn a_compatibility_variant_is_the_same_name() {
        assert_eq!(parse("ａｌｉｃｅ"), parse("alice"));
        assert_eq!(parse("ﬁn"), parse("fin"));
    }

    #[test]
    fn a_name_of_other_characters_is_refused() {
        for name in ["", "a b", "a\0", "a\n", "a/b", "<a>"] {
            assert!(parse(name).is_err(), "{name:?}");
        }
        assert!(parse(&"x".repeat(151)).is_err());
        assert!(parse("ユーザー.1@example+x-y_z").is_ok());
    }

    #[test]
    fn a_name_of_a_projects_own_field_has_no_control_characters() {
        let email = |name| Username::parse(name, "email", 254);

        assert!(email("o'hara/x@example.org").is_ok());
        assert!(email("a\nb@example.org").is_err() && email("a b@example.org").is_err());
    }
}
