use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::lock::FolderLock;
use crate::settings::Settings;

/// The folder of `[keys] dir`, whose files are for their owner alone.
pub(super) struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    pub(super) fn of(settings: &'a Settings) -> Self {
        Self(&settings.keys.dir)
    }

    /// The one key that is kept here, if any.
    pub(super) fn only_key(&self) -> Result<Option<(PathBuf, SecretString)>> {
        if mode(self.0).is_ok_and(|mode| mode & 0o022 != 0) {
            let shown = self.0.display();
            tracing::warn!("others can put keys into {shown}: run `chmod go-w {shown}`");
        }
        let mut files = self.key_files()?;
        let Some(path) = files.pop() else {
            return Ok(None);
        };
        ensure!(
            files.is_empty(),
            "{} holds more than one key: leave one there",
            self.0.display()
        );
        let text = read_private(&path)?;
        Ok(Some((path, text)))
    }

    /// Keeps a key under this name, unless there is one: then that one's file and text.
    pub(super) fn keep(&self, name: &str, pem: &[u8]) -> Result<(PathBuf, Option<SecretString>)> {
        let keep = || {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(self.0)?;
            let _alone = FolderLock::take(self.0)?;
            if let Some((other, text)) = self.only_key()? {
                return Ok((other, Some(text)));
            }
            let path = self.0.join(name);
            write_new(&path, pem)?;
            File::open(self.0)?.sync_all()?;
            Ok::<_, anyhow::Error>((path, None))
        };
        keep().with_context(|| format!("cannot keep a key in {}", self.0.display()))
    }

    fn key_files(&self) -> Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                let dir = self.0.display();
                return Err(error).with_context(|| format!("cannot read the folder of keys {dir}"));
            }
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "pem") {
                files.push(path);
            }
        }
        Ok(files)
    }
}

/// A key file's text without the line break an editor leaves at its end.
pub(crate) fn read(path: &Path) -> Result<SecretString> {
    let shown = path.display();
    let metadata = fs::metadata(path);
    let metadata = metadata.with_context(|| format!("cannot read the key file {shown}"))?;
    ensure!(metadata.is_file(), "{shown} is not a file");
    ensure!(metadata.len() <= MAX_BYTES, "{shown} is too long for a key");
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("cannot read the key file {shown}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

pub(crate) fn warn_if_public(path: &Path) {
    if mode(path).is_ok_and(|mode| mode & 0o007 != 0) {
        let shown = path.display();
        tracing::warn!("{shown} can be read by everyone: run `chmod o-rwx {shown}`");
    }
}

fn read_private(path: &Path) -> Result<SecretString> {
    let shown = path.display();
    let of_others = mode(path).map_or(0, |mode| mode & 0o077);
    ensure!(
        of_others == 0,
        "{shown} can be read by others: run `chmod 600 {shown}`"
    );
    read(path)
}

fn mode(path: &Path) -> std::io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode())
}

/// Writes a file whole or not at all: under another name first, then durable, then renamed.
fn write_new(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    // Of a start that was interrupted; whoever holds the lock is alone.
    if partial.exists() {
        fs::remove_file(&partial)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

/// Ten times the longest key.
const MAX_BYTES: u64 = 64 * 1024;
