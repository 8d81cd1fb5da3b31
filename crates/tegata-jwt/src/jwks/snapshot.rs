//! The last good set of an issuer in a file: for a start while the issuer cannot be reached.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;

use super::events;
use super::origin::Origin;
use super::state::Shared;
use crate::claims::string;
use crate::clock::Clock;
use crate::object::Object;

/// The file of one issuer and one source.
pub(super) struct Snapshot {
    issuer: Arc<str>,
    source: String,
    path: PathBuf,
    /// The last good answer.
    text: Option<Arc<str>>,
    has_failed: bool,
    /// A write that was not waited for.
    hanging: Option<JoinHandle<io::Result<()>>>,
}

/// What stands in it.
pub(super) struct Kept {
    pub(super) text: String,
    pub(super) fetched: DateTime<Utc>,
}

impl Snapshot {
    pub(super) fn new(folder: &Path, issuer: &Arc<str>, source: &str) -> Self {
        let source = format!("{issuer}\n{source}");
        let digest = digest::digest(&digest::SHA256, source.as_bytes());
        let (name, _) = digest
            .as_ref()
            .split_first_chunk()
            .expect("SHA-256 has 32 bytes");
        let name = u128::from_be_bytes(*name);
        Self {
            issuer: Arc::clone(issuer),
            source,
            path: folder.join(format!("{name:032x}.json")),
            text: None,
            has_failed: false,
            hanging: None,
        }
    }

    /// What was kept of this source, unless somebody else could have written it.
    pub(super) fn read(&self) -> Option<Kept> {
        let refused = |reason: &str| events::snapshot_refused(&self.issuer, reason);
        let text = match read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                refused(&error.to_string());
                return None;
            }
        };
        let kept = self.parse(&text);
        if kept.is_none() {
            refused("it is damaged, or of another issuer");
        }
        kept
    }

    fn parse(&self, text: &str) -> Option<Kept> {
        let object = Object::parse(text.as_bytes())?;
        if object.get("source").and_then(string)? != self.source {
            return None;
        }
        let seconds = object.get("fetched")?.parse().ok()?;
        Some(Kept {
            text: object.get("set").and_then(string)?.into_owned(),
            fetched: DateTime::from_timestamp(seconds, 0)?,
        })
    }

    /// Keeps a good answer; without a text, the last one was confirmed. Fails for nobody.
    pub(super) async fn keep(&mut self, text: Option<String>, clock: &Clock) {
        if let Some(text) = text {
            self.text = Some(text.into());
        }
        let Some(text) = self.text.clone() else {
            return;
        };
        let written = self.write(text, clock).await;
        if let Err(error) = &written
            && !self.has_failed
        {
            events::snapshot_not_written(&self.issuer, error);
        }
        self.has_failed = written.is_err();
    }

    /// Whoever fetches keys waits no longer than this for a disk: one that hangs would else end them
    /// all. And no second write hangs behind the first.
    async fn write(&mut self, text: Arc<str>, clock: &Clock) -> io::Result<()> {
        if self.hanging.as_ref().is_some_and(|one| !one.is_finished()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let (path, source, now) = (self.path.clone(), self.source.clone(), clock.now());
        let end = clock.elapsed() + LONGEST_WRITE;
        let mut writing =
            tokio::task::spawn_blocking(move || write(&path, &document(&source, now, &text)));
        tokio::select! {
            written = &mut writing => written.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())),
            () = clock.wait_until(end) => {
                self.hanging = Some(writing);
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }
}

/// Begins with the set of a snapshot, if it would still be used had we been there all the time.
pub(super) fn begin_with(snapshot: &Snapshot, shared: &Shared, origin: &Origin) {
    let Some(kept) = snapshot.read() else {
        return;
    };
    let good_for = shared.rules.fresh_for + shared.rules.outage_tolerance;
    let left = left(kept.fetched, shared.clock.now(), good_for);
    match origin.parse(&kept.text) {
        Ok(keys) if !left.is_zero() => shared.hold_as_stale(Arc::new(keys), left),
        Ok(_) => events::snapshot_refused(&shared.issuer, "it is too old"),
        Err(failure) => events::snapshot_refused(&shared.issuer, &failure.text),
    }
}

/// For how long a set may still be used that was fetched at such a time. A time that has not come
/// yet says nothing.
fn left(fetched: DateTime<Utc>, now: DateTime<Utc>, good_for: Duration) -> Duration {
    let age = now.signed_duration_since(fetched).to_std();
    age.map_or(Duration::ZERO, |age| good_for.saturating_sub(age))
}

fn document(source: &str, fetched: DateTime<Utc>, set: &str) -> String {
    let text = |text| serde_json::Value::from(text);
    let (source, set, fetched) = (text(source), text(set), fetched.timestamp());
    format!(r#"{{"source":{source},"fetched":{fetched},"set":{set}}}"#)
}

/// Makes a new file and puts it in the place of the old one, so that there is never half of one,
/// and what a link in that place leads to is not touched.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.create(folder)?;

    let mut random = [0; 8];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| io::ErrorKind::Other)?;
    let new = path.with_extension(format!("{:016x}", u64::from_ne_bytes(random)));
    let written = options
        .open(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&new);
    }
    written
}

fn read(path: &Path) -> io::Result<String> {
    // Asked first, for opening a pipe may wait for ever.
    let found = fs::symlink_metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    #[cfg(unix)]
    check(&found, &file.metadata()?)?;
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// Whoever could write the file could sign tokens with keys of their own.
#[cfg(unix)]
fn check(found: &fs::Metadata, opened: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    if (found.dev(), found.ino()) != (opened.dev(), opened.ino()) {
        return Err(io::Error::other("it was replaced meanwhile"));
    }
    if opened.uid() != rustix::process::geteuid().as_raw() || opened.mode() & 0o022 != 0 {
        return Err(io::Error::other("others than we could have written it"));
    }
    Ok(())
}

/// Far above what a write takes.
const LONGEST_WRITE: Duration = Duration::from_secs(5);
/// A set of 256 KiB, each character of it escaped once, and room for the rest.
const MAX_BYTES: u64 = 1024 * 1024;
