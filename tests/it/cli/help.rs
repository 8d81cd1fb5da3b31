use super::command::Folder;

/// The commands that `tegata` names, but for `help`.
pub(super) fn commands() -> Vec<String> {
    let help = Folder::new().run(&[]).stdout;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let lines = commands.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names: Vec<_> = names
        .filter(|name| !name.is_empty() && *name != "help")
        .map(str::to_owned)
        .collect();
    assert!(names.contains(&"serve".to_owned()), "{names:?}");
    names
}

#[test]
fn tegata_alone_prints_help() {
    let help = Folder::new().run(&[]);

    assert_eq!(help.code, Some(0));
    assert!(
        help.stdout.contains("Usage: tegata [OPTIONS] [COMMAND]"),
        "{}",
        help.stdout
    );
}

#[test]
fn an_unknown_command_is_misuse() {
    assert_eq!(Folder::new().run(&["server"]).code, Some(2));
}
