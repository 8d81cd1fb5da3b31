use std::process::Command;

use super::command::Folder;
use super::help::commands;

/// The shells, each with what reads a script without running it.
const SHELLS: [(&str, &[&str]); 5] = [
    ("bash", &["bash", "-n"]),
    ("zsh", &["zsh", "-n"]),
    ("fish", &["fish", "--no-execute"]),
    ("elvish", &["elvish", "-compileonly"]),
    ("powershell", &["pwsh", "-NoProfile", "-File"]),
];

fn script(shell: &str) -> String {
    let told = Folder::new().run(&["completions", shell]);
    assert_eq!(told.code, Some(0), "{told:?}");
    told.stdout
}

#[test]
fn each_command_is_completed_in_each_shell() {
    let commands = commands();

    for (shell, _) in SHELLS {
        let script = script(shell);
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn the_shells_that_are_here_can_read_what_is_written_for_them() {
    let folder = Folder::new();

    for (shell, reader) in SHELLS {
        let path = folder.path().join(shell);
        std::fs::write(&path, script(shell)).unwrap();
        match Command::new(reader[0])
            .args(&reader[1..])
            .arg(&path)
            .output()
        {
            Ok(read) => assert!(
                read.status.success() && read.stderr.is_empty(),
                "{shell}: {read:?}"
            ),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{shell}"),
        }
    }
}

#[test]
fn bash_completes_a_command_of_commands() {
    let ask = format!(
        "{}\nCOMP_WORDS=(tegata users re) COMP_CWORD=2\n_tegata tegata re users\necho \"${{COMPREPLY[@]}}\"",
        script("bash")
    );

    let completed = Command::new("bash").args(["-c", &ask]).output().unwrap();

    assert_eq!(String::from_utf8(completed.stdout).unwrap(), "revoke\n");
}

#[test]
fn a_shell_that_nobody_knows_is_misuse() {
    assert_eq!(
        Folder::new().run(&["completions", "command.com"]).code,
        Some(2)
    );
}
