use std::io::Write;

use anyhow::Result;
use clap::Args;
use tegata_jwt::Clock;

use crate::cli::log::say;
use crate::settings::Settings;
use crate::store::{Migration, Store};

#[derive(Args)]
pub(super) struct Migrate {
    /// Instead of that, print what a role of PostgreSQL must be granted to serve on the tables that
    /// are there, and no more
    #[arg(long, value_name = "ROLE", num_args = 0..=1, default_missing_value = "tegata")]
    print_grants: Option<String>,
}

impl Migrate {
    /// `tegata migrate`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        if let Some(role) = self.print_grants {
            let grants = Store::grants(settings, &role).await?;
            return Ok(std::io::stdout().write_all(grants.as_bytes())?);
        }

        let database = &settings.database.url;
        let done = match Store::migrate(settings, Clock::System.now()).await? {
            Migration::Created => "tables created",
            Migration::Extended => {
                "tegata's own tables brought up to date, Django's left as they are"
            }
            Migration::Found => "tables found, nothing to do",
        };
        say!("{database}: {done}");
        Ok(())
    }
}
