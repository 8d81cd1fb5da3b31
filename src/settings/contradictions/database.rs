use chrono::TimeDelta;

use super::Contradiction;
use crate::settings::{Database, DatabaseUrl};

pub(super) fn database(database: &Database) -> Vec<Contradiction> {
    let timeouts = [
        ("connect_timeout", database.connect_timeout),
        ("statement_timeout", database.statement_timeout),
    ];
    let is_meant = |span| (MIN_TIMEOUT..=MAX_TIMEOUT).contains(&span);
    let wrong = timeouts.iter().filter(|(_, time)| !is_meant(time.span()));
    let mut found: Vec<_> = wrong
        .map(|(key, _)| contradiction(&[key], "expected 10 milliseconds to an hour"))
        .collect();

    let in_url = match &database.url {
        DatabaseUrl::Postgres(url) => url.password().is_some(),
        DatabaseUrl::Sqlite(_) => false,
    };
    if in_url && database.password_file.is_some() {
        found.push(contradiction(&["url", "password_file"], PASSWORD_TWICE));
    }
    found
}

fn contradiction(keys: &[&'static str], reason: &str) -> Contradiction {
    Contradiction {
        keys: keys.iter().map(|key| ("database", *key)).collect(),
        reason: reason.to_owned(),
    }
}

const MAX_TIMEOUT: TimeDelta = TimeDelta::hours(1);
const MIN_TIMEOUT: TimeDelta = TimeDelta::milliseconds(10);
const PASSWORD_TWICE: &str = "both give a password: keep it in one place";

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(database: &Database) -> Vec<String> {
        let found = super::database(database).into_iter();
        found.map(|found| found.reason).collect()
    }

    fn with_password_file(url: &str) -> Database {
        Database {
            url: url.to_owned().try_into().unwrap(),
            password_file: Some("password".into()),
            ..Database::default()
        }
    }

    #[test]
    fn a_password_comes_from_one_place() {
        let twice = with_password_file("postgres://tegata:hunter2@db/shop");

        assert_eq!(reasons(&twice), [PASSWORD_TWICE]);
        assert!(reasons(&with_password_file("postgres://tegata@db/shop")).is_empty());
    }

    #[test]
    fn what_is_for_postgresql_is_in_nobodys_way_on_sqlite() {
        assert!(reasons(&with_password_file("sqlite://tegata.db")).is_empty());
    }
}
