use super::command::Folder;

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
