use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Command, CommandFactory};

use super::Cli;

#[derive(Args)]
pub(super) struct Man {
    /// The folder to write a page for each command to, instead of the first one to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    /// `tegata man`.
    pub(super) fn run(self) -> Result<()> {
        // Of `help` nobody wants a page for each command there is.
        let mut tegata = Cli::command().disable_help_subcommand(true);
        tegata.build();
        let Some(folder) = self.out else {
            return Ok(io::stdout().write_all(&page(&tegata)?)?);
        };
        fs::create_dir_all(&folder)
            .and_then(|()| write_pages(&tegata, &folder))
            .with_context(|| format!("cannot write to {}", folder.display()))
    }
}

/// Writes the page of a command and those of the commands below it.
fn write_pages(command: &Command, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands() {
        write_pages(below, folder)?;
    }
    fs::write(folder.join(name(command) + ".1"), page(command)?)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let title = name(command).to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    // Not clap_mangen's: without a date it writes one argument too few, and the rest moves up.
    let mut page =
        format!(".TH {title} 1 \"\" \"tegata {version}\" \"User Commands\"\n").into_bytes();

    let man = clap_mangen::Man::new(command.clone());
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if command.get_name() == Cli::command().get_name() {
        page.extend_from_slice(BEYOND_CLAP.as_bytes());
    }
    Ok(page)
}

/// `tegata-users-list` for `tegata users list`.
fn name(command: &Command) -> String {
    let name = command.get_display_name();
    name.unwrap_or(command.get_name()).to_owned()
}

/// What else is to be told of `tegata`.
const BEYOND_CLAP: &str = r#".SH "EXIT STATUS"
.TP
0
done
.TP
1
refused or failed
.TP
2
misused
.SH SIGNALS
.TP
SIGTERM, SIGINT
end
.BR "tegata serve" :
no further connections are taken, and the requests under way are answered. Another one ends it at once.
.TP
SIGHUP
have
.B tegata serve
read its settings, its key and its certificate anew. What is refused changes nothing.
.SH ENVIRONMENT
.TP
.B TEGATA_CONFIG
the settings' file, where \-\-config does not name one
.TP
.BI TEGATA_ TABLE __ KEY
a setting; it wins over the file
.RB ( TEGATA_SERVER__BIND=0.0.0.0:8000 )
.SH FILES
.TP
.I config.toml
the settings, in the present folder.
.B tegata config reference
tells what each means.
.SH EXAMPLES
Serve, with a database and a signing key made on the first start:
.PP
.RS 4
tegata serve
.RE
.PP
Complete commands in bash:
.PP
.RS 4
tegata completions bash > /etc/bash_completion.d/tegata
.RE
"#;
