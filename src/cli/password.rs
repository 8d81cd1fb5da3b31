use std::io::{IsTerminal, Read};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use zeroize::Zeroizing;

use super::Misuse;
use crate::account::MAX_PASSWORD_BYTES;

/// Where a new password comes from. Never from an argument: every user of the machine could read it.
#[derive(Args)]
pub(super) struct Password {
    /// Read the password from standard input
    #[arg(long)]
    pub(super) password_stdin: bool,
}

impl Password {
    /// From standard input, or twice from the terminal.
    pub(super) fn read(&self) -> Result<Zeroizing<String>> {
        let password = if self.password_stdin {
            from_standard_input()?
        } else if std::io::stdin().is_terminal() {
            let password = Zeroizing::new(rpassword::prompt_password("Password: ")?);
            let again = Zeroizing::new(rpassword::prompt_password("Password (again): ")?);
            ensure!(password == again, "the passwords differ");
            password
        } else {
            bail!(Misuse(
                "no terminal to ask for a password: use --password-stdin".to_owned()
            ));
        };

        ensure!(!password.is_empty(), "the password is empty");
        ensure_length(password.len())?;
        Ok(password)
    }
}

fn from_standard_input() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let bound = MAX_PASSWORD_BYTES as u64 + 3;
    std::io::stdin().take(bound).read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|byte| !b"\r\n".contains(byte));
    bytes.truncate(end.map_or(0, |last| last + 1));
    // First, for the bound may part a character.
    ensure_length(bytes.len())?;
    let text = std::str::from_utf8(&bytes).context("the password is not UTF-8")?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn ensure_length(bytes: usize) -> Result<()> {
    ensure!(
        bytes <= MAX_PASSWORD_BYTES,
        "the password is over {MAX_PASSWORD_BYTES} bytes"
    );
    Ok(())
}
