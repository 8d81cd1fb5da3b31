//! A column of the table of users holds one thing.

use super::Contradiction;
use crate::settings::Users;

pub(super) fn columns(users: &Users) -> Vec<Contradiction> {
    let username = match users.username_column.as_str() {
        "" => "username_field",
        _ => "username_column",
    };
    let columns = [
        ("id_column", users.id_column.as_str()),
        (username, users.username_column()),
        ("password_column", &users.password_column),
        ("is_active_column", &users.is_active_column),
        ("last_login_column", &users.last_login_column),
    ];
    let mut found = Vec::new();
    // The first two may be one: a user's name can be the primary key.
    for (index, (key, column)) in columns.iter().enumerate().skip(2) {
        let mut before = columns[..index].iter();
        let same = before.find(|(_, other)| other.eq_ignore_ascii_case(column));
        if let Some((other, _)) = same.filter(|_| !column.is_empty()) {
            found.push(Contradiction {
                keys: vec![("users", other), ("users", key)],
                reason: format!("both name the column `{column}`"),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_one_thing() {
        let overwritten = Users {
            last_login_column: "Password".to_owned(),
            ..Users::default()
        };

        let found = columns(&overwritten);

        let keys: Vec<_> = found.into_iter().flat_map(|found| found.keys).collect();
        assert_eq!(
            keys,
            [("users", "password_column"), ("users", "last_login_column")]
        );
    }

    #[test]
    fn a_name_may_be_the_primary_key_and_columns_may_be_missing() {
        let users = Users {
            id_column: "username".to_owned(),
            is_active_column: String::new(),
            last_login_column: String::new(),
            ..Users::default()
        };

        assert!(columns(&users).is_empty() && columns(&Users::default()).is_empty());
    }
}
