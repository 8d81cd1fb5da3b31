use documented::DocumentedFields;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::number;
use super::password_hashers::PasswordHashers;
use super::work_factors::{Argon2Cost, ScryptCost};

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
    /// Django's `PASSWORD_HASHERS`: how passwords may be hashed. The first makes new hashes, and a
    /// refused login costs as much as one of them; those of the others are verified; a hash of any
    /// other algorithm fits no password. Known are `"pbkdf2_sha256"`, `"pbkdf2_sha1"`, `"argon2"`,
    /// `"bcrypt_sha256"`, `"scrypt"`, `"bcrypt"` and `"md5"`, also by the names of Django's classes.
    /// Beside a Django give its own list: else the two hash each password anew in turn, and a
    /// Django without argon2-cffi cannot read what was upgraded.
    pub password_hashers: PasswordHashers,
    /// Whether a login, as Django's, hashes the password anew where the hash is not as the first
    /// of `password_hashers` would make it now.
    pub upgrade_password_hashes: bool,
    /// How many rounds of PBKDF2 a new password hash takes. The default is Django 5.2's, as are
    /// those below.
    #[serde(deserialize_with = "number::at_least_one")]
    pub pbkdf2_iterations: u32,
    /// How much memory a hash of Argon2 takes, in KiB. As many are made at a time as there are
    /// cores.
    #[serde(deserialize_with = "number::at_least_one")]
    pub argon2_memory_cost: u32,
    /// How often Argon2 goes through its memory.
    #[serde(deserialize_with = "number::at_least_one")]
    pub argon2_time_cost: u32,
    /// In how many lanes Argon2 parts its memory. They are worked on one after the other here.
    #[serde(deserialize_with = "number::at_least_one")]
    pub argon2_parallelism: u32,
    /// The binary logarithm of how many rounds bcrypt takes: one more is twice the time.
    #[serde(deserialize_with = "number::at_least_one")]
    pub bcrypt_rounds: u32,
    /// Scrypt's N, a power of two. A hash takes 128 · N · r bytes of memory; Django's own hasher
    /// refuses to take 32 MiB.
    #[serde(deserialize_with = "number::at_least_one")]
    pub scrypt_work_factor: u32,
    /// Scrypt's r.
    #[serde(deserialize_with = "number::at_least_one")]
    pub scrypt_block_size: u32,
    /// Scrypt's p.
    #[serde(deserialize_with = "number::at_least_one")]
    pub scrypt_parallelism: u32,
}

impl Users {
    /// What a hash of Argon2 takes.
    #[must_use]
    pub fn argon2_cost(&self) -> Argon2Cost {
        Argon2Cost {
            memory: self.argon2_memory_cost,
            time: self.argon2_time_cost,
            parallelism: self.argon2_parallelism,
        }
    }

    /// What a hash of scrypt takes.
    #[must_use]
    pub fn scrypt_cost(&self) -> ScryptCost {
        ScryptCost {
            work_factor: self.scrypt_work_factor,
            block_size: self.scrypt_block_size,
            parallelism: self.scrypt_parallelism,
        }
    }
}

impl Default for Users {
    /// Django 5.2's.
    fn default() -> Self {
        Self {
            table: "auth_user".to_owned(),
            id_column: "id".to_owned(),
            username_field: "username".to_owned(),
            username_column: String::new(),
            password_column: "password".to_owned(),
            is_active_column: "is_active".to_owned(),
            last_login_column: "last_login".to_owned(),
            password_hashers: PasswordHashers::default(),
            upgrade_password_hashes: true,
            pbkdf2_iterations: 1_000_000,
            argon2_memory_cost: 102_400,
            argon2_time_cost: 2,
            argon2_parallelism: 8,
            bcrypt_rounds: 12,
            scrypt_work_factor: 16_384,
            scrypt_block_size: 8,
            scrypt_parallelism: 5,
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
