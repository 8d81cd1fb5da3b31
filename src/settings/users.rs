use documented::DocumentedFields;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// `[users]`: where users are, and how their passwords are kept.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Users {
    /// The table of users: Django's own, or that of a project's `AUTH_USER_MODEL`, such as
    /// `"accounts_user"`. Its keys may be integers, UUIDs or texts.
    #[serde(deserialize_with = "name")]
    pub table: String,
    /// The column of the primary key.
    #[serde(deserialize_with = "name")]
    pub id_column: String,
    /// The `USERNAME_FIELD` of the user model. It names the member of requests and answers, too:
    /// with `"email"` a login sends `{"email", "password"}`.
    #[serde(deserialize_with = "name")]
    pub username_field: String,
    /// The column of that field, where it has another name.
    #[serde(deserialize_with = "name_or_none")]
    pub username_column: String,
    /// The column of the password hash.
    #[serde(deserialize_with = "name")]
    pub password_column: String,
    /// The column that says whether a user is active. Without one, `""`, every user is.
    #[serde(deserialize_with = "name_or_none")]
    pub is_active_column: String,
    /// The column of the time of the last login. Only needed with `UPDATE_LAST_LOGIN`.
    #[serde(deserialize_with = "name_or_none")]
    pub last_login_column: String,
    /// How many rounds of PBKDF2 a new password hash takes, and how many a refused login costs.
    /// The default is Django 5.2's.
    #[serde(deserialize_with = "at_least_one")]
    pub pbkdf2_iterations: u32,
}

impl Default for Users {
    fn default() -> Self {
        Self {
            table: "auth_user".to_owned(),
            id_column: "id".to_owned(),
            username_field: "username".to_owned(),
            username_column: String::new(),
            password_column: "password".to_owned(),
            is_active_column: "is_active".to_owned(),
            last_login_column: "last_login".to_owned(),
            pbkdf2_iterations: 1_000_000,
        }
    }
}

impl Users {
    /// The column of the user's name.
    #[must_use]
    pub fn username_column(&self) -> &str {
        match self.username_column.as_str() {
            "" => &self.username_field,
            column => column,
        }
    }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = name_or_none(deserializer)?;
    if name.is_empty() {
        return Err(D::Error::custom("must not be empty"));
    }
    Ok(name)
}

fn name_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_name {
        return Err(D::Error::custom(format!(
            "`{name}` is not a name of letters, digits and _"
        )));
    }
    Ok(name)
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let iterations = u32::deserialize(deserializer)
        .ok()
        .filter(|iterations| *iterations > 0);
    iterations.ok_or_else(|| D::Error::custom("expected a whole number above 0"))
}
