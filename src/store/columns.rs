//! Column forms: how Django writes what SQLite has no type for.

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
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

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let time = NaiveDateTime::parse_from_str(value.as_str()?, "%Y-%m-%d %H:%M:%S%.f");
        let time = time.map_err(|error| FromSqlError::Other(error.into()))?;
        Ok(Self(time.and_utc()))
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

    fn time(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(micros).unwrap()
    }

    fn written(micros: i64) -> Value {
        match Timestamp(time(micros)).to_sql().unwrap() {
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

    #[test]
    fn a_timestamp_is_read_as_it_was_written() {
        for micros in [1_795_219_293_000_000, 1_795_219_293_000_500] {
            let written = written(micros);

            let Timestamp(read) = Timestamp::column_result((&written).into()).unwrap();

            assert_eq!(read, time(micros));
        }
    }
}
