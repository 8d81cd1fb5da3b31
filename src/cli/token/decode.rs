use std::io::Write;

use anyhow::{Context, Result};
use clap::Args;
use tegata_jwt::Unverified;

use super::given;
use crate::cli::log::say;
use crate::json::one_line;

#[derive(Args)]
pub(in crate::cli) struct Decode {
    /// The token; `-` or nothing reads it from standard input
    #[arg(default_value = "-", hide_default_value = true)]
    token: String,
}

impl Decode {
    /// `tegata token decode`.
    pub(super) fn run(self) -> Result<()> {
        let token = given(self.token)?;
        let unverified = Unverified::parse(&token).context("cannot decode the token")?;
        let claims = unverified
            .claims_unverified()
            .context("cannot decode the token's claims")?;

        let mut out = std::io::stdout().lock();
        for json in [unverified.header().json(), claims.json()] {
            writeln!(out, "{}", one_line(json))?;
        }
        say!("decoded only: the signature was not verified");
        Ok(())
    }
}
