use std::io::Write;

use anyhow::Result;
use clap::Subcommand;
use tegata_jwt::Clock;

use super::settings;
use crate::cli::log::say;
use crate::http::Tls;
use crate::keys;
use crate::settings::{Source, load, load_with_origins, reference, tables};
use crate::store::Store;
use crate::trust::Trust;

#[derive(Subcommand)]
pub(super) enum Config {
    /// Refuse the settings that `serve` would refuse, and touch nothing
    Check,
    /// Print the settings in effect, and where each comes from
    Show {
        /// As JSON, without where they come from
        #[arg(long)]
        json: bool,
    },
    /// Print what every setting means
    Reference {
        /// As a `config.toml`
        #[arg(long)]
        toml: bool,
    },
}

impl Config {
    /// `tegata config …`.
    pub(super) async fn run(self, source: &Source) -> Result<()> {
        match self {
            Self::Check => check(source).await,
            Self::Show { json: false } => show(source),
            Self::Show { json: true } => show_json(source),
            Self::Reference { toml: false } => print(&reference::markdown()),
            Self::Reference { toml: true } => print(&reference::toml()),
        }
    }
}

async fn check(source: &Source) -> Result<()> {
    let settings = settings(source)?;
    keys::find(&settings)?;
    Tls::read(&settings.server.tls, Clock::System.now())?;
    Trust::new(&settings, &Clock::System)?;
    Store::check(&settings).await?;
    say!("{source}: ok");
    Ok(())
}

fn show(source: &Source) -> Result<()> {
    let (settings, origins) = load_with_origins(source)?;
    let mut out = std::io::stdout().lock();
    for (index, table) in tables(&settings).iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        writeln!(out, "{gap}{}", table.header())?;
        for entry in &table.entries {
            let origin = origins.of(table.name, entry.field);
            let origin = origin.map(|origin| format!("  # {origin}"));
            let origin = origin.unwrap_or_default();
            writeln!(out, "{} = {}{origin}", entry.key, entry.value)?;
        }
    }
    Ok(())
}

fn show_json(source: &Source) -> Result<()> {
    let json = serde_json::to_string_pretty(&load(source)?)?;
    print(&(json + "\n"))
}

fn print(text: &str) -> Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
