use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use tegata_jwt::{Algorithm, Clock, JwkSet, TokenBackend, TokenClass, Unverified};

use super::given;
use crate::cli::log::say;
use crate::cli::settings;
use crate::json::one_line;
use crate::keys;
use crate::settings::Source;

#[derive(Args)]
pub(in crate::cli) struct Verify {
    /// The token; `-` or nothing reads it from standard input
    #[arg(default_value = "-", hide_default_value = true)]
    token: String,
    /// What it must be: access, refresh, sliding or untyped
    #[arg(
        long,
        value_name = "CLASS",
        default_value = "untyped",
        conflicts_with = "jwk_file"
    )]
    class: TokenClass,
    /// Verify the signature alone, of any JWS, with a key from a file: a JWK or a set of them
    #[arg(long, value_name = "FILE")]
    jwk_file: Option<PathBuf>,
    /// The algorithm, where the JWK does not say it
    #[arg(long, value_name = "NAME", requires = "jwk_file")]
    alg: Option<Algorithm>,
}

impl Verify {
    /// `tegata token verify`.
    pub(super) fn run(self, source: &Source) -> Result<()> {
        let token = given(self.token)?;
        match self.jwk_file {
            Some(file) => verify_signature(&token, &file, self.alg),
            None => verify_token(&token, self.class, source),
        }
    }
}

/// As `/token/verify` does, but for the blacklist.
fn verify_token(token: &str, class: TokenClass, source: &Source) -> Result<()> {
    let settings = settings(source)?;
    let key = keys::existing(&settings)?.key;
    let backend = TokenBackend::new(&settings.jwt, key.verifying_key(), Clock::System);
    let genuine = backend.verify_as(token, class).context("refused")?;

    writeln!(std::io::stdout(), "{}", one_line(genuine.claims().json()))?;
    say!("verified; the blacklist was not looked at");
    Ok(())
}

fn verify_signature(token: &str, file: &Path, algorithm: Option<Algorithm>) -> Result<()> {
    let shown = file.display();
    let file = File::open(file).with_context(|| format!("cannot read {shown}"))?;
    let mut json = String::new();
    let read = file.take(MAX_BYTES).read_to_string(&mut json);
    read.with_context(|| format!("cannot read {shown}"))?;
    let unverified = Unverified::parse(token).context("refused")?;
    let kid = unverified.header().kid();
    let key = JwkSet::parse(&json).and_then(|set| set.verifying_key(kid.as_deref(), algorithm));
    let key = key.with_context(|| format!("cannot verify with {shown}"))?;
    unverified.check_signature(&key).context("refused")?;

    say!("the signature is genuine; no claim was looked at");
    Ok(())
}

/// More than the longest key set.
const MAX_BYTES: u64 = 256 * 1024 + 1;
