use std::path::{Path, PathBuf};
use std::{fmt, fs};

use super::SettingsError;

/// Which file to read.
#[derive(Clone, Debug)]
pub enum Source {
    /// `config.toml` in the present folder, or the defaults where there is none.
    Default,
    /// A file that must be there.
    File(PathBuf),
}

impl Source {
    /// The same for as long as a process lives: a file that is there now must be there later, too.
    #[must_use]
    pub fn settled(&self) -> Self {
        match self.file() {
            Some(path) => Self::File(path.to_owned()),
            None => Self::Default,
        }
    }

    /// Refuses a pipe, which would be waited for without end, and what would take all memory.
    pub(super) fn require_file(&self) -> Result<(), SettingsError> {
        let Some(path) = self.file() else {
            return Ok(());
        };
        match fs::metadata(path) {
            Ok(found) if !found.is_file() => Err(SettingsError::of_file(path, "it is not a file")),
            Ok(found) if found.len() > MAX_BYTES => {
                Err(SettingsError::of_file(path, "it is too long for settings"))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(SettingsError::of_file(path, &error)),
        }
    }

    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Default => Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()),
            Self::File(path) => Some(path),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file() {
            Some(file) => file.display().fmt(f),
            None => f.write_str("the defaults"),
        }
    }
}

const DEFAULT_FILE: &str = "config.toml";
/// Far above what all settings take with their documentation.
const MAX_BYTES: u64 = 1024 * 1024;
