//! Where the signing key comes from: the settings, or a file in the folder of keys.

mod folder;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use tegata_jwt::{Algorithm, KeyError, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use self::folder::Folder;
pub(crate) use self::folder::{read, warn_if_public};
use crate::settings::Settings;

/// The signing key, and where it came from.
pub struct Origin {
    /// The key.
    pub key: SigningKey,
    /// The setting or the file that holds it.
    pub name: String,
    /// When that file was written.
    pub since: Option<DateTime<Utc>>,
    /// As it stands there.
    text: SecretString,
}

impl Origin {
    /// The private key as PKCS#8 PEM.
    pub fn private_pem(&self) -> Result<SecretString> {
        let pem = SigningKey::to_pem(self.key.algorithm(), self.text.expose_secret())?;
        Ok(pem.as_str().into())
    }

    fn of_file(settings: &Settings, path: &Path, text: SecretString) -> Result<Self> {
        let written = fs::metadata(path).and_then(|metadata| metadata.modified());
        let origin = Self::parse(settings, text, path.display().to_string())?;
        Ok(Self {
            since: written.ok().map(DateTime::from),
            ..origin
        })
    }

    fn parse(settings: &Settings, text: SecretString, name: String) -> Result<Self> {
        Ok(Self {
            key: parse(settings, text.expose_secret(), &name)?,
            name,
            since: None,
            text,
        })
    }
}

/// The signing key the settings give, as a text or as a file. `None` where they give none, and one
/// can be kept in the folder of keys.
pub fn configured(settings: &Settings) -> Result<Option<Origin>> {
    let jwt = &settings.jwt;
    if let Some(text) = &jwt.signing_key {
        let name = "[jwt] signing_key".to_owned();
        return Origin::parse(settings, text.clone(), name).map(Some);
    }
    if let Some(path) = &jwt.signing_key_file {
        // Django may have to read it, too.
        warn_if_public(path);
        return Origin::of_file(settings, path, read(path)?).map(Some);
    }
    ensure!(
        jwt.verifying_key.is_none() && jwt.verifying_key_file.is_none(),
        "[jwt] verifying_key belongs to a signing key: set that as well, or leave both out"
    );
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
pub fn kept(settings: &Settings) -> Result<Option<Origin>> {
    let Some((path, text)) = Folder::of(settings).only_key()? else {
        return Ok(None);
    };
    Origin::of_file(settings, &path, text).map(Some)
}

/// The signing key, if there is one: that of the settings or, where they give none, of the folder.
pub fn find(settings: &Settings) -> Result<Option<Origin>> {
    match configured(settings)? {
        None => kept(settings),
        configured => Ok(configured),
    }
}

/// The signing key, which must be there: for commands that make none.
pub fn existing(settings: &Settings) -> Result<Origin> {
    find(settings)?.with_context(|| {
        let dir = settings.keys.dir.display();
        format!("{dir} holds no key: `tegata keys generate` makes one")
    })
}

/// Generates a key on a first start and keeps it in the folder of keys, for its owner alone. Where
/// another process did so at the same moment, its key is the one.
pub fn generate_on_first_start(settings: &Settings) -> Result<(Origin, PathBuf)> {
    let pem = SigningKey::generate_pem(settings.jwt.algorithm)?;
    let (_, path, _) = keep(settings, &pem)?;
    Ok((existing(settings)?, path))
}

/// Generates a key and keeps it as the only one.
pub fn generate(settings: &Settings) -> Result<(SigningKey, PathBuf)> {
    keep_alone(settings, SigningKey::generate_pem)
}

/// Keeps a private key, as PEM or JWK, as the only one.
pub fn import(settings: &Settings, text: &str) -> Result<(SigningKey, PathBuf)> {
    keep_alone(settings, |algorithm| SigningKey::to_pem(algorithm, text))
}

/// Keeps a key in the folder of keys, unless it holds another or nobody would look there.
fn keep_alone(
    settings: &Settings,
    pem: impl FnOnce(Algorithm) -> Result<Zeroizing<String>, KeyError>,
) -> Result<(SigningKey, PathBuf)> {
    let algorithm = settings.jwt.algorithm;
    ensure!(
        !algorithm.is_symmetric(),
        "{algorithm} signs with a secret: set [jwt] signing_key or signing_key_file"
    );
    if let Some(configured) = configured(settings)? {
        bail!(
            "{} holds the signing key: take it out of the settings to use one in {}",
            configured.name,
            settings.keys.dir.display()
        );
    }
    let (key, path, kid) = keep(settings, &pem(algorithm)?)?;
    ensure!(
        key.kid() == kid.as_deref(),
        "{} is there already: move it away first, and with it what verifies the tokens it signed",
        path.display()
    );
    Ok((key, path))
}

/// Keeps a key where there is none. Answers with the key that is there then and its file, and the
/// `kid` of the one that was to be kept.
fn keep(settings: &Settings, pem: &str) -> Result<(SigningKey, PathBuf, Option<String>)> {
    let algorithm = settings.jwt.algorithm;
    let new = parse(settings, pem, "the new key")?;
    let kid = new.kid().map(str::to_owned);
    let prefix = algorithm.name().to_lowercase();
    let name = format!("{prefix}-{}.pem", kid.as_deref().unwrap_or_default());

    let (path, there) = Folder::of(settings).keep(&name, pem.as_bytes())?;
    let key = match there {
        None => new,
        Some(text) => parse(settings, text.expose_secret(), &path.display().to_string())?,
    };
    Ok((key, path, kid))
}

fn parse(settings: &Settings, text: &str, name: &str) -> Result<SigningKey> {
    let algorithm = settings.jwt.algorithm;
    let key = match SigningKey::parse(algorithm, text) {
        Err(weakness @ (KeyError::ShortSecret { .. } | KeyError::SampleSecret))
            if settings.compat.short_hmac_secret =>
        {
            tracing::warn!("{name}: {weakness}; [compat] short_hmac_secret lets it through");
            SigningKey::from_weak_secret(algorithm, text.as_bytes())
        }
        Ok(key) => {
            // RFC 7518 3.2 would have it refused, and then few Django projects could use HS512.
            let (length, least) = (text.len(), algorithm.secret_bytes().unwrap_or_default());
            if length < least {
                tracing::warn!(
                    "{name} has {length} bytes; a secret for {algorithm} should have {least}"
                );
            }
            Ok(key)
        }
        refused => refused,
    };
    let key = key.with_context(|| format!("{name} cannot serve as the signing key"))?;
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
    let (text, name) = match (&jwt.verifying_key, &jwt.verifying_key_file) {
        (Some(text), _) => (text.clone(), "[jwt] verifying_key".to_owned()),
        (_, Some(path)) => (read(path)?, path.display().to_string()),
        (None, None) => return Ok(()),
    };
    let verifying = VerifyingKey::parse(jwt.algorithm, text.expose_secret());
    let verifying =
        verifying.with_context(|| format!("{name} cannot serve as the verifying key"))?;
    ensure!(
        verifying.is_same(&key.verifying_key()),
        "{name} is not the public key of the signing key: leave it out, it follows from that"
    );
    Ok(())
}
