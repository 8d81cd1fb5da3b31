use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use tegata_jwt::{Algorithm, Clock, JwkSet, TokenClass, Unverified};

use super::given;
use crate::cli::log::say;
use crate::cli::settings;
use crate::json::one_line;
use crate::keys;
use crate::settings::Source;
use crate::trust::{Shown, Trust};

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
    pub(super) async fn run(self, source: &Source) -> Result<()> {
        let token = given(self.token)?;
        match self.jwk_file {
            Some(file) => verify_signature(&token, &file, self.alg),
            None => verify_token(&token, self.class, source).await,
        }
    }
}

/// As `/token/verify` does, but for the blacklist. The keys of others are fetched for it.
async fn verify_token(token: &str, class: TokenClass, source: &Source) -> Result<()> {
    let settings = settings(source)?;
    let key = keys::existing(&settings)?.key.verifying_key();
    let trust = Trust::new(&settings, &Clock::System)?;
    let backend = trust.backend(&settings.jwt, key, Clock::System);
    let genuine = match trust.decode(&backend, token).await {
        Ok(Shown::Foreign(_)) if class != TokenClass::Untyped => {
            bail!("refused: the token is of another issuer, and of no class of ours")
        }
        Ok(Shown::Foreign(token)) => token,
        Ok(Shown::Own(decoded)) => backend.require(decoded, class).context("refused")?,
        Err(error) if error.is_our_fault() => {
            let failed = trust
                .key_sets()
                .into_iter()
                .filter_map(|set| set.last_error);
            let failed = failed.collect::<Vec<_>>().join("; ");
            return Err(error).context(format!("nothing is known of the token: {failed}"));
        }
        Err(error) => return Err(error).context("refused"),
    };

    writeln!(std::io::stdout(), "{}", one_line(genuine.claims().json()))?;
    match genuine.issuer() {
        Some(issuer) => say!("verified as a token of {issuer}"),
        None => say!("verified; the blacklist was not looked at"),
    }
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
