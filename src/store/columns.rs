//! Column forms: how Django writes what SQLite has no type for.

use chrono::{DateTime, Timelike, Utc};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value};
use tegata_jwt::UserId;

/// A date and time as Django keeps it in SQLite: UTC as text, the fraction left out when zero.
pub(super) struct Timestamp(pub(super) DateTime<Utc>);

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let format = match self.0.nanosecond() / 1_000 {
            0 => "%Y-%m-%d %H:%M:%S",
            _ => "%Y-%m-%d %H:%M:%S%.6f",
        };
        Ok(ToSqlOutput::Owned(self.0.format(format).to_string().into()))
    }
}

/// A user's key. A text that is an integer finds the user with that number, as in Django; any
/// other finds nobody, where SQLite would take `1.0` for 1.
pub(super) struct UserKey<'a>(pub(super) &'a UserId);

impl ToSql for UserKey<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self.0 {
            UserId::Number(number) => Value::from(*number),
            UserId::Text(text) => text.parse().map_or(Value::Null, Value::Integer),
        };
        Ok(ToSqlOutput::Owned(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(micros: i64) -> Value {
        let timestamp = Timestamp(DateTime::from_timestamp_micros(micros).unwrap());
        match timestamp.to_sql().unwrap() {
            ToSqlOutput::Owned(value) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_timestamp_has_six_digits_of_a_second_or_none() {
        let expected = |text: &str| Value::Text(text.to_owned());

        assert_eq!(
            written(1_795_219_293_000_000),
            expected("2026-11-21 00:01:33")
        );
        assert_eq!(
            written(1_795_219_293_000_500),
            expected("2026-11-21 00:01:33.000500")
        );
    }
}
