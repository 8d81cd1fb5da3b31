use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use crate::store::session::Session;
use crate::store::sqlite::{LOCK_PATIENCE, connect};

/// Creates a SQLite file, or makes an empty one ours.
pub(super) fn create_file(path: &Path) -> Result<()> {
    // For its owner alone; SQLite gives its log the same mode.
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => {
            let cannot = || format!("cannot create the database {}", path.display());
            return Err(error).with_context(cannot);
        }
    }
    // The write-ahead log stays with the file; only a file of our own may get it.
    let connection = connect(path, LOCK_PATIENCE)?;
    let sql = "PRAGMA journal_mode = WAL";
    Ok(connection.lock().query_row(sql, [], |_| Ok(()))?)
}

/// Creates Django's tables in an empty database, all or none of them.
pub(super) async fn create_tables(db: &Session<'_>, now: DateTime<Utc>) -> Result<()> {
    let tables = db.dialect(
        include_str!("../../../migrations/sqlite/django.sql"),
        include_str!("../../../migrations/postgres/django.sql"),
    );
    db.batch("BEGIN").await?;
    let created = db.batch(tables).await;
    created.context("cannot create the tables")?;
    record_migrations(db, now).await?;
    db.batch("COMMIT").await
}

/// Tells Django which of its migrations these tables already embody.
async fn record_migrations(db: &Session<'_>, now: DateTime<Utc>) -> Result<()> {
    let sql = "INSERT INTO django_migrations (app, name, applied) VALUES ($1, $2, $3)";
    for (app, name) in MIGRATIONS {
        let values = [app.into(), name.into(), now.into()];
        db.execute(sql, &values).await?;
    }
    Ok(())
}

/// Django 5.2 with django-ninja-jwt 5.4, in the order Django applies them.
const MIGRATIONS: [(&str, &str); 25] = [
    ("contenttypes", "0001_initial"),
    ("contenttypes", "0002_remove_content_type_name"),
    ("auth", "0001_initial"),
    ("auth", "0002_alter_permission_name_max_length"),
    ("auth", "0003_alter_user_email_max_length"),
    ("auth", "0004_alter_user_username_opts"),
    ("auth", "0005_alter_user_last_login_null"),
    ("auth", "0006_require_contenttypes_0002"),
    ("auth", "0007_alter_validators_add_error_messages"),
    ("auth", "0008_alter_user_username_max_length"),
    ("auth", "0009_alter_user_last_name_max_length"),
    ("auth", "0010_alter_group_name_max_length"),
    ("auth", "0011_update_proxy_permissions"),
    ("auth", "0012_alter_user_first_name_max_length"),
    ("token_blacklist", "0001_initial"),
    ("token_blacklist", "0002_outstandingtoken_jti_hex"),
    ("token_blacklist", "0003_auto_20171017_2007"),
    ("token_blacklist", "0004_auto_20171017_2013"),
    ("token_blacklist", "0005_remove_outstandingtoken_jti"),
    ("token_blacklist", "0006_auto_20171017_2113"),
    ("token_blacklist", "0007_auto_20171017_2214"),
    ("token_blacklist", "0008_migrate_to_bigautofield"),
    ("token_blacklist", "0010_fix_migrate_to_bigautofield"),
    ("token_blacklist", "0011_linearizes_history"),
    ("token_blacklist", "0012_alter_outstandingtoken_user"),
];
