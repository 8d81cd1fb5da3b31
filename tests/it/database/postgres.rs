use std::env;
use std::sync::{Arc, LazyLock, OnceLock, mpsc};

use chrono::{DateTime, Timelike, Utc};
use tokio::runtime::Runtime;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, NoTls, Row};
use uuid::Uuid;

use super::Lock;

/// The server of this run, where it has one.
#[expect(clippy::disallowed_methods, reason = "it is the run's, and no setting")]
pub(super) fn server() -> Option<String> {
    env::var("TEGATA_TEST_POSTGRES").ok()
}

/// A database on the server, as long as this lives.
pub(super) struct Postgres {
    pub(super) url: String,
    name: String,
    client: Arc<Client>,
}

impl Postgres {
    pub(super) fn create(server: &str) -> Self {
        let name = format!("tegata_{}", Uuid::new_v4().simple());
        execute(administrator(), &format!("CREATE DATABASE {name}"));
        // Whoever connects and says nothing of it: the service must not depend on it.
        let zone = format!("ALTER DATABASE {name} SET TimeZone = 'Asia/Kathmandu'");
        execute(administrator(), &zone);
        let url = format!("{server}/{name}");
        Self {
            client: connect(&url),
            url,
            name,
        }
    }

    pub(super) fn execute(&self, sql: &str) {
        execute(&self.client, sql);
    }

    pub(super) fn select(&self, sql: &str) -> Vec<String> {
        let (client, sql) = (Arc::clone(&self.client), sql.to_owned());
        let rows = wait(async move { client.query(&sql, &[]).await }).unwrap();
        rows.iter().map(texts).collect()
    }

    pub(super) fn lock_out_writers(&self) -> Lock {
        let other = connect(&self.url);
        execute(&other, &format!("BEGIN; {LOCK}"));
        Lock(Box::new(move || execute(&other, "COMMIT")))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        execute(administrator(), &sql);
    }
}

/// Who creates and drops databases.
fn administrator() -> &'static Arc<Client> {
    static CLIENT: OnceLock<Arc<Client>> = OnceLock::new();
    CLIENT.get_or_init(|| connect(&format!("{}/postgres", server().unwrap())))
}

fn connect(url: &str) -> Arc<Client> {
    let url = url.to_owned();
    let client = wait(async move {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        Ok::<_, tokio_postgres::Error>(Arc::new(client))
    });
    let client = client.unwrap();
    execute(&client, "SET TimeZone = 'UTC'");
    client
}

fn execute(client: &Arc<Client>, sql: &str) {
    let (client, sql) = (Arc::clone(client), sql.to_owned());
    wait(async move { client.batch_execute(&sql).await }).unwrap();
}

/// Waits for work that is done on threads of its own, so that tests with and without a runtime may
/// wait alike.
fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    let (done, outcome) = mpsc::channel();
    RUNTIME.spawn(async move { done.send(work.await) });
    outcome.recv().expect("work is done unless it panics")
}

fn texts(row: &Row) -> String {
    let texts: Vec<_> = (0..row.len()).map(|column| text(row, column)).collect();
    texts.join("|")
}

fn text(row: &Row, column: usize) -> String {
    match *row.columns()[column].type_() {
        Type::BOOL => told(row, column, |flag: bool| u8::from(flag).to_string()),
        Type::INT2 => told(row, column, |number: i16| number.to_string()),
        Type::INT4 => told(row, column, |number: i32| number.to_string()),
        Type::INT8 => told(row, column, |number: i64| number.to_string()),
        Type::TIMESTAMPTZ => told(row, column, time),
        Type::UUID => told(row, column, |key: Uuid| key.simple().to_string()),
        _ => told(row, column, |text: String| text),
    }
}

fn told<'a, T: FromSql<'a>>(row: &'a Row, column: usize, text: fn(T) -> String) -> String {
    row.get::<_, Option<T>>(column)
        .map_or_else(|| "NULL".to_owned(), text)
}

fn time(time: DateTime<Utc>) -> String {
    let format = match time.nanosecond() {
        0 => "%Y-%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S%.6f",
    };
    time.format(format).to_string()
}

/// Readers go on beside this mode.
const LOCK: &str = "DO $$ DECLARE name text; BEGIN \
     FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP \
     EXECUTE format('LOCK TABLE %I IN EXCLUSIVE MODE', name); END LOOP; END $$";
