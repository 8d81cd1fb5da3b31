//! Column forms: what Django has a type for in PostgreSQL, and how it writes it in SQLite.

use std::borrow::Cow;
use std::error::Error;

use anyhow::Result;
use bytes::BytesMut;
use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use rusqlite::types as sqlite;
use tegata_jwt::UserId;
use tokio_postgres::types::{self as postgres, IsNull, Type};
use uuid::Uuid;

/// A value as a statement takes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Text(Cow<'a, str>),
    Time(DateTime<Utc>),
    Uuid(Uuid),
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<DateTime<Utc>> for Value<'_> {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl sqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<sqlite::ToSqlOutput<'_>> {
        let text = |text: String| sqlite::ToSqlOutput::Owned(text.into());
        Ok(match self {
            Self::Null => sqlite::ToSqlOutput::Owned(sqlite::Value::Null),
            Self::Bool(truth) => sqlite::ToSqlOutput::Owned((*truth).into()),
            Self::Integer(number) => sqlite::ToSqlOutput::Owned((*number).into()),
            Self::Text(text) => sqlite::ToSqlOutput::from(text.as_ref()),
            Self::Time(time) => text(as_text(*time)),
            Self::Uuid(uuid) => text(uuid.simple().to_string()),
        })
    }
}

impl postgres::ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            // A text with a NUL in it is in no column: what is looked for by one is not there.
            Self::Text(text) if text.contains('\0') => Ok(IsNull::Yes),
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(truth) => truth.to_sql_checked(ty, out),
            Self::Integer(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Integer(number) => number.to_sql_checked(ty, out),
            Self::Text(text) => text.as_ref().to_sql_checked(ty, out),
            Self::Time(time) if *ty == Type::TIMESTAMP => time.naive_utc().to_sql(ty, out),
            Self::Time(time) => time.to_sql_checked(ty, out),
            Self::Uuid(uuid) => uuid.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres::to_sql_checked!();
}

/// A date and time as Django keeps it in SQLite: UTC as text, the fraction left out when zero.
fn as_text(time: DateTime<Utc>) -> String {
    // A few times as fast as a format of chrono's, which would be read each time.
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let sign = if year > 9999 { "+" } else { "" };
    let digits = if year < 0 { 5 } else { 4 };
    let text =
        format!("{sign}{year:0digits$}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    match time.nanosecond() / 1_000 {
        0 => text,
        micros => format!("{text}.{micros:06}"),
    }
}

/// What a column of either engine is read as.
pub(super) trait Column: sqlite::FromSql + for<'a> postgres::FromSql<'a> {}

impl<T: sqlite::FromSql + for<'a> postgres::FromSql<'a>> Column for T {}

/// A row of what a query found.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl<'a> Row<'a> {
    pub(super) fn get<T: Column>(self, index: usize) -> Result<T> {
        Ok(match self {
            Self::Sqlite(row) => row.get(index)?,
            Self::Postgres(row) => row.try_get(index)?,
        })
    }

    /// A text where it is; nothing where there is none.
    pub(super) fn text(self, index: usize) -> &'a str {
        match self {
            Self::Sqlite(row) => {
                let value = row.get_ref(index).ok();
                value.and_then(|value| value.as_str().ok())
            }
            Self::Postgres(row) => row.try_get(index).ok(),
        }
        .unwrap_or_default()
    }

    /// A time; `None` where there is none, or something else.
    pub(super) fn time(self, index: usize) -> Option<DateTime<Utc>> {
        let time = self.get::<Option<Timestamp>>(index).ok().flatten();
        time.map(|Timestamp(time)| time)
    }
}

/// A date and time as a column has it.
pub(super) struct Timestamp(pub(super) DateTime<Utc>);

impl sqlite::FromSql for Timestamp {
    fn column_result(value: sqlite::ValueRef<'_>) -> sqlite::FromSqlResult<Self> {
        let time = NaiveDateTime::parse_from_str(value.as_str()?, "%Y-%m-%d %H:%M:%S%.f");
        let time = time.map_err(|error| sqlite::FromSqlError::Other(error.into()))?;
        Ok(Self(time.and_utc()))
    }
}

impl<'a> postgres::FromSql<'a> for Timestamp {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        // Both are microseconds since 2000, in UTC as Django writes them.
        let time = NaiveDateTime::from_sql(ty, raw)?;
        Ok(Self(time.and_utc()))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::TIMESTAMP | Type::TIMESTAMPTZ)
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

    /// A place in a statement for a key. Integers come in several widths, and one of a token may be
    /// beyond all of them.
    pub(super) fn place(self, number: u8) -> String {
        match self {
            Self::Number => format!("CAST(${number} AS BIGINT)"),
            Self::Text | Self::Uuid => format!("${number}"),
        }
    }

    /// What is looked up for a user. What cannot be a key of this form finds nobody; a text that is
    /// an integer finds the user with that number, as in Django, where SQLite would take `1.0` for 1.
    pub(super) fn write(self, id: &UserId) -> Value<'static> {
        match (self, id) {
            (Self::Number, UserId::Number(number)) => Value::Integer(*number),
            (Self::Number, UserId::Text(text)) => number(text).map_or(Value::Null, Value::Integer),
            (Self::Text, id) => Value::from(id.to_string()),
            (Self::Uuid, UserId::Number(_)) => Value::Null,
            (Self::Uuid, UserId::Text(text)) => {
                Uuid::try_parse(text).map_or(Value::Null, Value::Uuid)
            }
        }
    }

    /// A key as the table has it, to be written again.
    pub(super) fn read_value(self, row: Row<'_>, index: usize) -> Result<Value<'static>> {
        Ok(match (self, row) {
            (Self::Number, _) => Value::Integer(row.get(index)?),
            (Self::Uuid, Row::Postgres(row)) => Value::Uuid(row.try_get(index)?),
            (Self::Text | Self::Uuid, _) => row.get::<String>(index)?.into(),
        })
    }

    /// A key as claims have it: a number, or the text Python makes of it.
    pub(super) fn read(self, row: Row<'_>, index: usize) -> Result<UserId> {
        let is_uuid = self == Self::Uuid;
        Ok(match self.read_value(row, index)? {
            Value::Integer(number) => UserId::Number(number),
            Value::Uuid(uuid) => UserId::Text(uuid.to_string()),
            Value::Text(text) => {
                let uuid = Uuid::try_parse(&text).ok().filter(|_| is_uuid);
                UserId::Text(uuid.map_or_else(|| text.into_owned(), |uuid| uuid.to_string()))
            }
            other => anyhow::bail!("a key is no {other:?}"),
        })
    }
}

/// An integer, written as integers are: to the issuer of a token `01` and `+1` may be others than
/// `1`.
fn number(text: &str) -> Option<i64> {
    let is_plain = |number: &i64| number.to_string() == text;
    text.parse().ok().filter(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(micros).unwrap()
    }

    fn written(micros: i64) -> String {
        as_text(time(micros))
    }

    #[test]
    fn a_timestamp_has_six_digits_of_a_second_or_none() {
        assert_eq!(written(1_795_219_293_000_000), "2026-11-21 00:01:33");
        assert_eq!(written(1_795_219_293_000_500), "2026-11-21 00:01:33.000500");
    }

    #[test]
    fn a_timestamp_is_written_as_chrono_writes_it() {
        for days in (-4_999_999..90_000_000).step_by(99_991) {
            let time = time(days * 86_400_000_000 + 3_723_000_000 + days);

            let chronos = time.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
            assert_eq!(as_text(time), chronos);
        }
    }

    #[test]
    fn a_timestamp_is_read_as_it_was_written() {
        for micros in [1_795_219_293_000_000, 1_795_219_293_000_500] {
            let written = written(micros);

            let Timestamp(read) = sqlite::FromSql::column_result(written.as_str().into()).unwrap();

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
        for other in ["7.0", "07", "+7", " 7", "-0"] {
            assert_eq!(KeyForm::Number.write(&text(other)), Value::Null, "{other}");
        }
        assert_eq!(KeyForm::Uuid.write(&text("7")), Value::Null);
        assert_eq!(KeyForm::Uuid.write(&UserId::Number(7)), Value::Null);
    }

    #[test]
    fn a_text_with_a_nul_is_in_no_column_of_postgresql() {
        let written = |text: &'static str| {
            let value = Value::from(text);
            let written = postgres::ToSql::to_sql(&value, &Type::VARCHAR, &mut BytesMut::new());
            matches!(written, Ok(IsNull::Yes))
        };

        assert!(written("a\0") && !written("a"));
    }

    #[test]
    fn a_uuid_is_looked_up_as_django_writes_it_in_sqlite() {
        let uuid = UserId::Text("6F9619FF-8b86-d011-b42d-00c04fc964ff".to_owned());

        let key = KeyForm::Uuid.write(&uuid);

        let written = sqlite::ToSql::to_sql(&key).unwrap();
        assert_eq!(
            written,
            "6f9619ff8b86d011b42d00c04fc964ff".to_owned().into()
        );
    }
}
