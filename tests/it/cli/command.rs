//! The binary, run in a folder of its own.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::database::Database;

pub(crate) struct Folder {
    pub(crate) database: Database,
}

impl Folder {
    /// A folder with a `config.toml` like the shipped one, on a free port and with cheap hashes.
    pub(crate) fn new() -> Self {
        Self::with_config(
            "[server]\nbind = \"127.0.0.1:0\"\n[jwt]\nALGORITHM = \"ES256\"\n\
             [users]\npbkdf2_iterations = 1\n",
        )
    }

    pub(crate) fn with_config(config: &str) -> Self {
        let folder = Self {
            database: Database::new(),
        };
        folder.configure(config);
        folder
    }

    /// Writes another `config.toml`.
    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.path().join("config.toml"), config).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.database.folder()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_tegata"));
        command.args(arguments);
        command
    }

    /// A program in the folder, which finds the database in its environment alone.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).stdin(Stdio::null());
        command.env_clear().envs(self.database.variable());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let written = child.stdin.take().unwrap().write_all(input.as_bytes());
        // Some commands end before they read.
        assert!(written.is_ok() || written.is_err_and(|e| e.kind() == ErrorKind::BrokenPipe));
        Outcome::of(child.wait_with_output().unwrap())
    }

    /// Arranges in the database what no command can.
    pub(super) fn execute(&self, sql: &str) {
        self.database.execute(sql);
    }

    /// The rows of a query.
    pub(super) fn select(&self, sql: &str) -> Vec<String> {
        self.database.select(sql)
    }

    /// Starts `tegata serve` and waits until it listens.
    pub(crate) fn serve(&self) -> Service {
        start(&mut self.command(&["serve"])).listening()
    }
}

/// Starts a command that serves.
pub(crate) fn start(command: &mut Command) -> Starting {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Starting {
        child: command.spawn().unwrap(),
    }
}

/// A service that may not listen yet.
pub(crate) struct Starting {
    child: Child,
}

impl Starting {
    /// Waits until the service listens.
    pub(crate) fn listening(mut self) -> Service {
        let mut log = BufReader::new(self.child.stderr.take().unwrap()).lines();
        let mut told = Vec::new();
        let origin = log.by_ref().map(Result::unwrap).find_map(|line| {
            let origin = line
                .split_once("listening on ")
                .map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
            told.push(line);
            origin
        });
        let origin = origin.unwrap_or_else(|| panic!("it does not listen: {told:?}"));
        // The log is kept open: one that nobody reads would end the service.
        Service {
            child: self.child,
            origin,
            told,
            log: Box::new(log),
        }
    }
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Asserts that the command was refused, for a reason that says this.
    #[track_caller]
    pub(crate) fn assert_refused(&self, reason: &str) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert!(self.stderr.contains(reason), "{self:?}");
    }

    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A service in a process of its own.
pub(crate) struct Service {
    child: Child,
    pub(crate) origin: String,
    told: Vec<String>,
    log: Box<dyn Iterator<Item = std::io::Result<String>>>,
}

impl Service {
    /// Sends SIGTERM and waits for the end.
    pub(crate) fn stop(self) -> Outcome {
        self.terminate();
        self.wait()
    }

    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Has the service read its settings anew, and answers what it says to that.
    pub(crate) fn reload(&mut self) -> String {
        self.signal("HUP");
        let ends = ["reloaded config.toml", "not reloaded"];
        let mut lines = self.log.by_ref().map(Result::unwrap);
        let said = lines.find(|line| {
            self.told.push(line.clone());
            ends.iter().any(|end| line.contains(end))
        });
        said.expect("the service lives")
    }

    pub(super) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit code, and all that was said on standard output and in the log.
    pub(crate) fn wait(mut self) -> Outcome {
        let stdout = std::io::read_to_string(self.child.stdout.take().unwrap()).unwrap();
        self.told.extend(self.log.by_ref().map(Result::unwrap));
        Outcome {
            code: self.child.wait().unwrap().code(),
            stdout,
            stderr: self.told.join("\n"),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
