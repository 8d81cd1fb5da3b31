use std::io::IsTerminal;

use anyhow::{Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tegata_jwt::Clock;

use crate::blacklist::{Blacklist, FLUSH_BATCH, Flushed};
use crate::cli::log::say;
use crate::settings::Settings;
use crate::store::Store;

#[derive(Args)]
pub(super) struct Flushexpiredtokens {
    /// How many rows are looked at in one transaction: other writers wait for as long
    #[arg(long, value_name = "ROWS", default_value_t = FLUSH_BATCH,
        value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
}

impl Flushexpiredtokens {
    /// `tegata flushexpiredtokens`.
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        ensure!(
            settings.blacklist.enabled,
            "[blacklist] enabled = false: there are no tokens to flush"
        );
        let blacklist = Blacklist::new(settings, Store::open(settings).await?, Clock::System);
        let progress = Progress::new();

        let flushed = blacklist.flush(self.batch_size, |hundredths| progress.reach(hundredths));
        let Flushed { tokens, rotations } = flushed.await?;
        progress.bar.finish_and_clear();
        say!("{tokens} outstanding tokens and {rotations} rotations flushed");
        Ok(())
    }
}

/// How far the flush is: a bar on a terminal, a line for each tenth elsewhere.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{wide_bar} {percent}% {eta}");
        let style = style.expect("the template is well-formed");
        Self {
            bar: ProgressBar::new(100).with_style(style),
        }
    }

    fn reach(&self, hundredths: u64) {
        let tenths_before = self.bar.position() / 10;
        self.bar.set_position(hundredths);
        let tenths = hundredths / 10;
        let is_worth_a_line = (tenths_before + 1..10).contains(&tenths);
        if is_worth_a_line && !std::io::stderr().is_terminal() {
            say!("{tenths}0%");
        }
    }
}
