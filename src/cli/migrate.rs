use anyhow::Result;
use tegata_jwt::Clock;

use crate::settings::Settings;
use crate::store::{Migration, Store};

/// `tegata migrate`.
pub(super) fn run(settings: &Settings) -> Result<()> {
    let path = settings.database.url.path().display();
    match Store::migrate(settings, Clock::System.now())? {
        Migration::Created => eprintln!("{path}: tables created"),
        Migration::Found => {
            // Says which tables are missing, where some are.
            Store::open(settings)?;
            eprintln!("{path}: tables found, nothing to do");
        }
    }
    Ok(())
}
