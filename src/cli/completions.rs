use std::io::Write;

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

#[derive(Args)]
pub(super) struct Completions {
    /// The shell to write for
    shell: Shell,
}

impl Completions {
    /// `tegata completions`.
    pub(super) fn run(&self) -> Result<()> {
        // Into memory first: clap_complete panics where its output cannot be written.
        let mut script = Vec::new();
        let mut command = Cli::command();
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        Ok(std::io::stdout().write_all(&script)?)
    }
}
