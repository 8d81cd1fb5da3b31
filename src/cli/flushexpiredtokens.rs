use std::io::IsTerminal;

use anyhow::{Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tegata_jwt::Clock;

use crate::blacklist::{Blacklist, FLUSH_BATCH, Flushed};
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
        let store = Store::open(settings)?;
        let progress = Progress::over(store.outstanding_places().await?);
        let blacklist = Blacklist::new(settings, store, Clock::System);

        let flushed = blacklist.flush(self.batch_size, |place| progress.reach(place));
        let Flushed { tokens, rotations } = flushed.await?;
        progress.end();
        eprintln!("{tokens} outstanding tokens and {rotations} rotations flushed");
        Ok(())
    }
}

/// How far the flush is: a bar on a terminal, a line for each tenth elsewhere.
struct Progress {
    bar: ProgressBar,
    first: i64,
}

impl Progress {
    fn over(places: Option<(i64, i64)>) -> Self {
        let (first, last) = places.unwrap_or_default();
        let bar = ProgressBar::new(u64::try_from(last - first).unwrap_or_default());
        let style = ProgressStyle::with_template("{wide_bar} {percent}% {eta}");
        Self {
            bar: match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            },
            first,
        }
    }

    fn reach(&self, place: i64) {
        let before = self.tenths();
        let done = u64::try_from(place - self.first).unwrap_or_default();
        // Tokens that were issued meanwhile come after the last.
        let all = self.bar.length().unwrap_or_default();
        self.bar.set_position(done.min(all));
        let now = self.tenths();
        if now > before && !std::io::stderr().is_terminal() {
            eprintln!("{now}0%");
        }
    }

    fn tenths(&self) -> u64 {
        self.bar.position() * 10 / self.bar.length().unwrap_or_default().max(1)
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_were_issued_meanwhile_are_not_more_than_all() {
        let progress = Progress::over(Some((101, 201)));

        let tenths = [100, 101, 151, 201, 231].map(|place| {
            progress.reach(place);
            progress.tenths()
        });

        assert_eq!(tenths, [0, 0, 5, 10, 10]);
    }
}
