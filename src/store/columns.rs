//! Column forms: how Django writes what SQLite has no type for.

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use tegata_jwt::UserId;
use uuid::Uuid;

/// A date and time as Django keeps it in SQLite: UTC as text, the fraction left out when zero.
pub(super) struct Timestamp(pub(super) DateTime<Utc>);

impl From<Timestamp> for Value {
    fn from(Timestamp(time): Timestamp) -> Self {
        let format = match time.nanosecond() / 1_000 {
            0 => "%Y-%m-%d %H:%M:%S",
            _ => "%Y-%m-%d %H:%M:%S%.6f",
        };
        Self::Text(time.format(format).to_string())
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Self(self.0).into()))
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let time = NaiveDateTime::parse_from_str(value.as_str()?, "%Y-%m-%d %H:%M:%S%.f");
        let time = time.map_err(|error| FromSqlError::Other(error.into()))?;
        Ok(Self(time.and_utc()))
    }
}

/// How the table of users has its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyForm {
    /// Integers, of whatever width.
    Number,
    /// Texts.
    Text,
    /// UUIDs, which Django keeps in SQLite as 32 hex digits.
    Uuid,
}

impl KeyForm {
    /// By the declared type of the column, in lower case.
    pub(super) fn of(declared: &str) -> Self {
        match declared {
            "char(32)" | "uuid" => Self::Uuid,
            _ if declared.contains("int") => Self::Number,
            _ => Self::Text,
        }
    }

    /// What is looked up for a user. What cannot be a key of this form finds nobody; a text that is
    /// an integer finds the user with that number, as in Django, where SQLite would take `1.0` for 1.
    pub(super) fn write(self, id: &UserId) -> Value {
        match (self, id) {
            (Self::Number, UserId::Number(number)) => Value::from(*number),
            (Self::Number, UserId::Text(text)) => text.parse().map_or(Value::Null, Value::Integer),
            (Self::Text, id) => Value::from(id.to_string()),
            (Self::Uuid, UserId::Number(_)) => Value::Null,
            (Self::Uuid, UserId::Text(text)) => {
                Uuid::try_parse(text).map_or(Value::Null, |uuid| uuid.simple().to_string().into())
            }
        }
    }

    /// A key as claims have it: a number, or the text Python makes of it.
    pub(super) fn read(self, row: &Row<'_>, index: usize) -> rusqlite::Result<UserId> {
        if self == Self::Number {
            return row.get(index).map(UserId::Number);
        }
        let text: String = row.get(index)?;
        let uuid = Uuid::try_parse(&text).ok().filter(|_| self == Self::Uuid);
        Ok(UserId::Text(uuid.map_or(text, |uuid| uuid.to_string())))
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

    #[test]
    fn the_declared_type_tells_the_form_of_keys() {
        assert_eq!(KeyForm::of("integer"), KeyForm::Number);
        assert_eq!(KeyForm::of("bigint"), KeyForm::Number);
        assert_eq!(KeyForm::of("char(32)"), KeyForm::Uuid);
        assert_eq!(KeyForm::of("varchar(32)"), KeyForm::Text);
    }

    #[test]
    fn what_cannot_be_a_key_finds_nobody() {
        let text = |text: &str| UserId::Text(text.to_owned());

        assert_eq!(KeyForm::Number.write(&text("7")), Value::Integer(7));
        assert_eq!(KeyForm::Number.write(&text("7.0")), Value::Null);
        assert_eq!(KeyForm::Uuid.write(&text("7")), Value::Null);
        assert_eq!(KeyForm::Uuid.write(&UserId::Number(7)), Value::Null);
    }

    #[test]
    fn a_uuid_is_looked_up_as_django_writes_it() {
        let uuid = UserId::Text("6F9619FF-8b86-d011-b42d-00c04fc964ff".to_owned());

        let written = KeyForm::Uuid.write(&uuid);

        let simple = "6f9619ff8b86d011b42d00c04fc964ff".to_owned();
        assert_eq!(written, Value::Text(simple));
    }
}
