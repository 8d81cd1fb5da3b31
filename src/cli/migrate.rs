use anyhow::Result;
use tegata_jwt::Clock;

use crate::cli::log::say;
use crate::settings::Settings;
use crate::store::{Migration, Store};

/// `tegata migrate`.
pub(super) fn run(settings: &Settings) -> Result<()> {
    let path = settings.database.url.path().display();
    let done = match Store::migrate(settings, Clock::System.now())? {
        Migration::Created => "tables created",
        Migration::Extended => "tegata's own tables brought up to date, Django's left as they are",
        Migration::Found => "tables found, nothing to do",
    };
    say!("{path}: {done}");
    Ok(())
}
