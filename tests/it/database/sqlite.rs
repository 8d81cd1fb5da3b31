use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::Lock;

/// A file.
pub(super) struct Sqlite {
    pub(super) path: PathBuf,
}

impl Sqlite {
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    fn connect(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    pub(super) fn execute(&self, sql: &str) {
        self.connect().execute_batch(sql).unwrap();
    }

    pub(super) fn select(&self, sql: &str) -> Vec<String> {
        let connection = self.connect();
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let columns: Vec<_> = (0..columns)
                .map(|column| text(row.get_unwrap(column)))
                .collect();
            Ok(columns.join("|"))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    pub(super) fn lock_out_writers(&self) -> Lock {
        let connection = self.connect();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        Lock(Box::new(move || {
            connection.execute_batch("COMMIT").unwrap();
        }))
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}
