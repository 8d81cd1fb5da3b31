use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::NewUser;
use crate::settings::{Settings, Users};
use crate::store::catalog::{self, Column, quoted};
use crate::store::columns::{KeyForm, Value};
use crate::store::outstanding::{insertion, require_tokens_of};
use crate::store::rotation::rotation_at_once;
use crate::store::session::Session;

/// The table of users, Django's or that of a project's own model: its names, quoted for SQL, and
/// the form of its keys.
pub(in crate::store) struct UserTable {
    pub(in crate::store) name: String,
    pub(in crate::store) id: String,
    /// The key for a query to answer: integers in one width.
    pub(in crate::store) id_as_read: String,
    pub(in crate::store) username: String,
    pub(in crate::store) password: String,
    /// The column, or the truth where there is none.
    pub(in crate::store) is_active: String,
    /// The column, where there is one.
    pub(in crate::store) last_login: Option<String>,
    /// The form of the primary key.
    pub(in crate::store) key: KeyForm,
    /// How long a name may be, in characters.
    pub(in crate::store) max_username: usize,
    columns: Vec<Column>,
    /// Its name as it is.
    pub(super) table: String,
    /// The [`insertion`] of a token's row.
    pub(in crate::store) record_token: String,
    /// The [`rotation_at_once`] of a user's token, on PostgreSQL.
    pub(in crate::store) rotate_at_once: String,
    pub(super) by_id: String,
    pub(super) by_username: String,
    pub(super) holds: String,
    lock: Option<String>,
}

impl UserTable {
    /// Reads how the table was declared. Each column that the settings name must be there.
    pub(in crate::store) async fn read(db: &Session<'_>, settings: &Settings) -> Result<Self> {
        let users = &settings.users;
        let columns = catalog::columns(db, &users.table).await?;
        let find = |name: &str| columns.iter().find(|column| column.name == name);
        let require = |setting: &str, name: &str| {
            find(name).with_context(|| missing(users, setting, name, &columns))
        };

        let key = KeyForm::of(&require("id_column", &users.id_column)?.declared);
        let username = require("username_column", users.username_column())?;
        ensure!(
            !username.is_numeric(),
            "the column `{}` of the table {} holds numbers ({}), for which `7`, `07` and `7.0` are one: \
             name a column of texts in [users] username_column",
            username.name,
            users.table,
            username.declared
        );
        let max_username = length(&username.declared);
        require("password_column", &users.password_column)?;
        if !users.is_active_column.is_empty() {
            require("is_active_column", &users.is_active_column)?;
        }
        if settings.jwt.update_last_login {
            require("last_login_column", &users.last_login_column)?;
        }
        let last_login = find(&users.last_login_column).map(|column| quoted(&column.name));

        let name = quoted(&users.table);
        let id = quoted(&users.id_column);
        let username = quoted(users.username_column());
        let password = quoted(&users.password_column);
        let is_active = match users.is_active_column.as_str() {
            "" => EVERYBODY.to_owned(),
            column => quoted(column),
        };
        let seen = last_login.as_deref().unwrap_or(NO_TIME);
        let id_as_read = match key {
            KeyForm::Number => format!("CAST({id} AS BIGINT)"),
            KeyForm::Text | KeyForm::Uuid => id.clone(),
        };
        let columns_read = [&id_as_read, &username, &password, &is_active, seen].join(", ");
        let find = format!("SELECT {columns_read} FROM {name}");
        let is_key = |place| format!("{id} = {}", key.place(place));
        // Whoever ends all tokens of a user waits for those who are about to get one.
        let held = db.dialect("", "FOR KEY SHARE");
        let lock = format!("SELECT 1 FROM {name} WHERE {} FOR UPDATE", is_key(1));
        let record_token = insertion(&name, &id, key);
        if settings.blacklist.enabled {
            require_tokens_of(db, &users.table, &record_token).await?;
        }
        let holds = format!(
            "SELECT {id} AS key FROM {name} WHERE {} \
             AND (CAST($2 AS TEXT) IS NULL OR {password} = CAST($2 AS TEXT)) \
             AND ({is_active} OR NOT $3) {held}",
            is_key(1)
        );
        Ok(Self {
            record_token,
            rotate_at_once: rotation_at_once(&holds),
            holds,
            by_id: format!("{find} WHERE {}", is_key(1)),
            by_username: format!("{find} WHERE {username} = $1"),
            // SQLite has one writer at a time.
            lock: db.is_postgres().then_some(lock),
            id_as_read,
            table: users.table.clone(),
            name,
            id,
            username,
            password,
            is_active,
            last_login,
            key,
            max_username,
            columns,
        })
    }

    /// Whether a table says which groups or permissions users have.
    pub(in crate::store) fn is_membership(&self, table: &str) -> bool {
        let rest = table.strip_prefix(self.table.as_str());
        matches!(rest, Some("_groups" | "_user_permissions"))
    }

    /// Whether there is a column that says who is active.
    pub(in crate::store) fn keeps_is_active(&self) -> bool {
        self.is_active != EVERYBODY
    }

    /// The condition that a user's key is the value in a place.
    pub(in crate::store) fn is_key(&self, place: u8) -> String {
        format!("{} = {}", self.id, self.key.place(place))
    }

    /// Has nobody else get a token for this user until the transaction ends: whoever is about to has
    /// it first.
    pub(in crate::store) async fn lock(&self, db: &Session<'_>, key: &[Value<'_>]) -> Result<()> {
        if let Some(lock) = &self.lock {
            db.first(lock, key, |_| Ok(())).await?;
        }
        Ok(())
    }

    /// A column of Django's that a project's own model may lack, for SQL: its name, or nothing.
    pub(in crate::store) fn if_there(&self, column: &str, nothing: &str) -> String {
        if self.has(column) {
            quoted(column)
        } else {
            nothing.to_owned()
        }
    }

    /// The columns of a new row and their values.
    pub(in crate::store) fn row(
        &self,
        user: &NewUser,
        password: String,
        date_joined: DateTime<Utc>,
    ) -> Result<Vec<(String, Value<'static>)>> {
        let mut row = vec![
            (self.username.clone(), Value::from(user.username.clone())),
            (self.password.clone(), password.into()),
        ];
        if self.keeps_is_active() {
            row.push((self.is_active.clone(), true.into()));
        }
        match self.key {
            KeyForm::Number => {}
            KeyForm::Text => bail!(
                "the keys of the table {} are texts, and what they say is the project's to know: \
                 create users in Django",
                self.table
            ),
            KeyForm::Uuid => {
                row.push((self.id.clone(), Value::Uuid(Uuid::new_v4())));
            }
        }
        for (column, is_asked) in [
            ("is_staff", user.is_staff),
            ("is_superuser", user.is_superuser),
        ] {
            ensure!(
                self.has(column) || !is_asked,
                "the table {} has no column {column}",
                self.table
            );
        }
        row.extend(self.further(user, date_joined, &row)?);
        Ok(row)
    }

    /// What the columns besides get: what is known of the user, else what Django leaves blank.
    fn further(
        &self,
        user: &NewUser,
        date_joined: DateTime<Utc>,
        given: &[(String, Value<'static>)],
    ) -> Result<Vec<(String, Value<'static>)>> {
        let mut further = Vec::new();
        let is_given =
            |column: &&Column| given.iter().all(|(name, _)| *name != quoted(&column.name));
        for column in self.columns.iter().filter(is_given) {
            let value = match column.name.as_str() {
                "email" => user.email.clone().into(),
                "is_staff" => user.is_staff.into(),
                "is_superuser" => user.is_superuser.into(),
                "date_joined" => date_joined.into(),
                name if quoted(name) == self.id => continue,
                _ if !column.is_required => continue,
                _ if column.is_bool() => false.into(),
                _ if column.is_text() => String::new().into(),
                name => bail!(
                    "each row of the table {} must have a {name} ({}): create users in Django",
                    self.table,
                    column.declared
                ),
            };
            further.push((quoted(&column.name), value));
        }
        Ok(further)
    }

    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|found| found.name == column)
    }
}

impl Column {
    fn is_bool(&self) -> bool {
        ["bool", "boolean"].contains(&self.declared.as_str())
    }

    fn is_text(&self) -> bool {
        self.declared.contains("char") || self.declared == "text"
    }

    /// Whether SQLite takes a text that looks like a number for that number here: by its rules,
    /// wherever the type neither is missing nor has one of these words in it.
    fn is_numeric(&self) -> bool {
        let keeps_texts = ["char", "clob", "text", "blob"];
        let is_int = self.declared.contains("int");
        let keeps = keeps_texts.iter().any(|word| self.declared.contains(word));
        !self.declared.is_empty() && (is_int || !keeps)
    }
}

fn missing(users: &Users, setting: &str, column: &str, columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    format!(
        "the table {} has no column `{column}`: name the right one in [users] {setting}. It has {}",
        users.table,
        names.join(", ")
    )
}

/// What `varchar(150)` allows; where nothing is said, as much as Django's own column.
fn length(declared: &str) -> usize {
    let inner = declared.split_once('(').map(|(_, rest)| rest);
    let digits = inner.and_then(|rest| rest.strip_suffix(')'));
    let length = digits.and_then(|digits| digits.trim().parse().ok());
    length.unwrap_or(USERNAME_CHARACTERS)
}

/// When the last login was where no column says so.
pub(super) const NO_TIME: &str = "CAST(NULL AS TIMESTAMP)";
/// Who is active where no column says so.
const EVERYBODY: &str = "TRUE";
/// The length of Django's own column.
const USERNAME_CHARACTERS: usize = 150;
