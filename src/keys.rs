//! Where the signing key comes from: the settings, or a file in the folder of keys.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use tegata_jwt::{KeyError, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::lock::FolderLock;
use crate::settings::Settings;

/// The signing key the settings give, as a text or as a file. `None` where they give none, and one
/// can be kept in the folder of keys.
pub fn configured(settings: &Settings) -> Result<Option<SigningKey>> {
    let jwt = &settings.jwt;
    if let Some(secret) = &jwt.signing_key {
        return parse(settings, secret, "[jwt] signing_key").map(Some);
    }
    if let Some(path) = &jwt.signing_key_file {
        // Django may have to read it, too.
        if mode(path).is_ok_and(|mode| mode & 0o007 != 0) {
            tracing::warn!("{} can be read by everyone", path.display());
        }
        return parse(settings, &read(path)?, &path.display().to_string()).map(Some);
    }
    if jwt.algorithm.is_symmetric() {
        bail!(
            "{} signs with a secret: set [jwt] signing_key, or TEGATA_JWT__SIGNING_KEY in the \
             environment, or set [jwt] algorithm = \"ES256\" to have a key generated",
            jwt.algorithm
        );
    }
    Ok(None)
}

/// The key in the folder of keys; `None` where the folder holds none or is not there.
pub fn kept(settings: &Settings) -> Result<Option<SigningKey>> {
    let dir = &settings.keys.dir;
    let mut files = key_files(dir)?;
    let Some(path) = files.pop() else {
        return Ok(None);
    };
    ensure!(
        files.is_empty(),
        "{} holds more than one key: leave one there",
        dir.display()
    );
    load(settings, &path).map(Some)
}

/// Generates a key and keeps it in the folder of keys, for its owner alone. Where another process
/// did so at the same moment, its key is the one.
pub fn generate(settings: &Settings) -> Result<(SigningKey, PathBuf)> {
    let algorithm = settings.jwt.algorithm;
    let pem = SigningKey::generate_pem(algorithm)?;
    let key = SigningKey::parse(algorithm, &pem)?;
    check_verifying_key(settings, &key)?;
    let dir = &settings.keys.dir;
    let name = algorithm.name().to_lowercase();
    let path = dir.join(format!("{name}-{}.pem", key.kid().unwrap_or_default()));

    let keep = || {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let _alone = FolderLock::take(dir)?;
        if let Some(other) = key_files(dir)?.pop() {
            return Ok((load(settings, &other)?, other));
        }
        write_new(&path, pem.as_bytes())?;
        File::open(dir)?.sync_all()?;
        Ok::<_, anyhow::Error>((key, path))
    };
    keep().with_context(|| format!("cannot keep a key in {}", dir.display()))
}

fn load(settings: &Settings, path: &Path) -> Result<SigningKey> {
    let shown = path.display();
    if mode(path)? & 0o077 != 0 {
        bail!("{shown} can be read by others: run `chmod 600 {shown}`");
    }
    parse(settings, &read(path)?, &shown.to_string())
}

fn parse(settings: &Settings, text: &SecretString, origin: &str) -> Result<SigningKey> {
    let (algorithm, text) = (settings.jwt.algorithm, text.expose_secret());
    let key = match SigningKey::parse(algorithm, text) {
        Err(weakness @ (KeyError::ShortSecret { .. } | KeyError::SampleSecret))
            if settings.compat.short_hmac_secret =>
        {
            tracing::warn!("{origin}: {weakness}; [compat] short_hmac_secret lets it through");
            SigningKey::from_weak_secret(algorithm, text.as_bytes())
        }
        key => key,
    };
    let key = key.with_context(|| format!("{origin} cannot serve as the signing key"))?;

    // RFC 7518 3.2 would have it refused, and then no Django project could use HS512.
    let least = algorithm.secret_bytes().unwrap_or_default();
    if text.len() < least {
        let length = text.len();
        tracing::warn!("{origin} has {length} bytes; a secret for {algorithm} should have {least}");
    }
    check_verifying_key(settings, &key)?;
    Ok(key)
}

/// Refuses a verifying key that is not the signing key's own: what we issue would be refused.
fn check_verifying_key(settings: &Settings, key: &SigningKey) -> Result<()> {
    let jwt = &settings.jwt;
    if jwt.algorithm.is_symmetric() {
        if jwt.verifying_key.is_some() || jwt.verifying_key_file.is_some() {
            tracing::warn!(
                "[jwt] verifying_key is not looked at: {} has none",
                jwt.algorithm
            );
        }
        return Ok(());
    }
    let (text, origin) = match (&jwt.verifying_key, &jwt.verifying_key_file) {
        (Some(text), _) => (text.as_str().into(), "[jwt] verifying_key".to_owned()),
        (_, Some(path)) => (read(path)?, path.display().to_string()),
        (None, None) => return Ok(()),
    };
    let verifying = VerifyingKey::parse(jwt.algorithm, text.expose_secret());
    let verifying =
        verifying.with_context(|| format!("{origin} cannot serve as the verifying key"))?;
    ensure!(
        verifying.is_same(&key.verifying_key()),
        "{origin} is not the public key of the signing key: leave it out, it follows from that"
    );
    Ok(())
}

/// A file's text without the line break an editor leaves at its end.
fn read(path: &Path) -> Result<SecretString> {
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("cannot read the key file {}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).into())
}

fn mode(path: &Path) -> std::io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode())
}

fn key_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read the folder of keys {}", dir.display()));
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

/// Writes a file whole or not at all: under another name first, then durable, then renamed.
fn write_new(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}
