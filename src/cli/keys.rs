use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::json;
use tegata_jwt::SigningKey;
use zeroize::Zeroizing;

use crate::cli::log::say;
use crate::keys;
use crate::settings::Settings;

#[derive(Subcommand)]
pub(super) enum Keys {
    /// Generate a key for the algorithm of the settings, in the folder of keys
    Generate,
    /// List the signing key: its kid, its algorithm, where it is
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep a private key of one's own in the folder of keys: PEM or JWK
    Import {
        /// The file; `-` reads standard input
        file: PathBuf,
    },
    /// Print the public key, as a JWK set
    Export {
        /// As PEM
        #[arg(long)]
        pem: bool,
        /// The private key, as PEM
        #[arg(long, conflicts_with = "pem")]
        private: bool,
    },
}

impl Keys {
    /// `tegata keys …`.
    pub(super) fn run(self, settings: &Settings) -> Result<()> {
        match self {
            Self::Generate => generate(settings),
            Self::List { json } => list(settings, json),
            Self::Import { file } => import(settings, &file),
            Self::Export { private: true, .. } => export_private(settings),
            Self::Export { pem, .. } => export(settings, pem),
        }
    }
}

fn generate(settings: &Settings) -> Result<()> {
    let (key, path) = keys::generate(settings)?;
    tell(&key, &path);
    Ok(())
}

fn list(settings: &Settings, as_json: bool) -> Result<()> {
    let origin = keys::existing(settings)?;
    let (kid, algorithm) = (origin.key.kid(), origin.key.algorithm().name());
    let mut out = std::io::stdout();
    if as_json {
        let keys = json!([{ "kid": kid, "algorithm": algorithm, "origin": origin.name }]);
        writeln!(out, "{keys}")?;
    } else {
        writeln!(out, "{}  {algorithm}  {}", kid.unwrap_or("-"), origin.name)?;
    }
    Ok(())
}

fn import(settings: &Settings, file: &Path) -> Result<()> {
    let text = if file == Path::new("-") {
        let mut text = Zeroizing::new(String::new());
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text)?;
        text.as_str().into()
    } else {
        keys::read(file)?
    };
    let imported = keys::import(settings, text.expose_secret());
    let (key, path) = imported.with_context(|| format!("cannot import {}", file.display()))?;
    tell(&key, &path);
    Ok(())
}

fn export(settings: &Settings, as_pem: bool) -> Result<()> {
    let key = keys::existing(settings)?.key;
    let algorithm = key.algorithm();
    let public = if as_pem {
        key.public_pem()
    } else {
        let jwk = key.verifying_key().jwk();
        jwk.map(|jwk| format!("{{\"keys\":[{jwk}]}}\n"))
    };
    let public = public
        .with_context(|| format!("{algorithm} signs with a secret: there is no public key"))?;
    Ok(std::io::stdout().write_all(public.as_bytes())?)
}

fn export_private(settings: &Settings) -> Result<()> {
    let origin = keys::existing(settings)?;
    let algorithm = origin.key.algorithm();
    ensure!(
        !algorithm.is_symmetric(),
        "{algorithm} signs with a secret: it is in {}",
        origin.name
    );
    let pem = origin.private_pem()?;
    Ok(std::io::stdout().write_all(pem.expose_secret().as_bytes())?)
}

fn tell(key: &SigningKey, path: &Path) {
    let (kid, algorithm) = (key.kid().unwrap_or("-"), key.algorithm());
    say!("{}: {algorithm} key {kid}", path.display());
}

/// More than the longest key.
const MAX_BYTES: u64 = 64 * 1024 + 1;
