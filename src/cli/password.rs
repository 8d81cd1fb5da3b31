use std::io::{IsTerminal, Read};
use std::process::exit;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
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
            from_terminal()?
        } else {
            bail!(Misuse(
                "no terminal to ask for a password: use --password-stdin".to_owned()
            ));
        };

        ensure!(!password.is_empty(), "the password is empty");
        ensure!(password.len() <= MAX_PASSWORD_BYTES, too_long());
        Ok(password)
    }
}

fn from_terminal() -> Result<Zeroizing<String>> {
    // At Ctrl-C `rpassword` sends the signal first and puts the terminal right afterwards: it must
    // live that long, or the shell would not show what is typed.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let password = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let again = Zeroizing::new(rpassword::prompt_password("Password (again): ")?);
    // From here on it ends the command again.
    tokio::spawn(async move {
        interrupt.recv().await;
        exit(INTERRUPTED);
    });
    ensure!(password == again, "the passwords differ");
    Ok(password)
}

fn from_standard_input() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    // The longest password, the end of its line, and one byte that is too many.
    let bound = MAX_PASSWORD_BYTES as u64 + 3;
    let read = std::io::stdin().take(bound).read_to_end(&mut bytes)?;
    // What comes after the bound would be cut off, maybe within a character.
    ensure!((read as u64) < bound, too_long());
    let text = std::str::from_utf8(&bytes).context("the password is not UTF-8")?;
    Ok(Zeroizing::new(
        text.trim_end_matches(['\r', '\n']).to_owned(),
    ))
}

fn too_long() -> String {
    format!("the password is over {MAX_PASSWORD_BYTES} bytes")
}

/// What a shell says of a command that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
