use std::io::{Read, Write};

use anyhow::{Context, Result};
use clap::Subcommand;
use tegata_jwt::Unverified;

use crate::json::one_line;

#[derive(Subcommand)]
pub(super) enum Token {
    /// Print a token's header and claims, a line of JSON each, without verifying anything
    Decode {
        /// The token; `-` or nothing reads it from standard input
        #[arg(default_value = "-", hide_default_value = true)]
        token: String,
    },
}

impl Token {
    /// `tegata token …`.
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Decode { token } => decode(token),
        }
    }
}

fn decode(token: String) -> Result<()> {
    let token = if token == "-" { read_stdin()? } else { token };
    let unverified = Unverified::parse(token.trim()).context("cannot decode the token")?;
    let claims = unverified
        .claims_unverified()
        .context("cannot decode the token's claims")?;

    let mut out = std::io::stdout().lock();
    for json in [unverified.header().json(), claims.json()] {
        writeln!(out, "{}", one_line(json))?;
    }
    eprintln!("decoded only: the signature was not verified");
    Ok(())
}

fn read_stdin() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
