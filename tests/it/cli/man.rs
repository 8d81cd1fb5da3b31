use std::path::Path;
use std::process::Command;

use super::command::Folder;
use super::help::commands;

fn pages(folder: &Folder) -> Vec<String> {
    let told = folder.run(&["man", "--out", "pages"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    let pages = std::fs::read_dir(folder.path().join("pages")).unwrap();
    let name = |page: std::io::Result<std::fs::DirEntry>| page.unwrap().file_name();
    pages
        .map(|page| name(page).into_string().unwrap())
        .collect()
}

/// What a program finds wrong with a page; nothing where it is not installed.
fn faults(program: &str, options: &[&str], page: &Path) -> String {
    match Command::new(program).args(options).arg(page).output() {
        Ok(found) => [found.stdout, found.stderr]
            .map(|text| String::from_utf8(text).unwrap())
            .concat(),
        Err(_) => String::new(),
    }
}

#[test]
fn the_page_names_each_command_and_what_the_process_answers() {
    let page = Folder::new().run(&["man"]).stdout.replace('\\', "");

    for command in commands() {
        assert!(
            page.contains(&format!("tegata-{command}(1)")),
            "{command}: {page}"
        );
    }
    assert!(
        page.contains("EXIT STATUS") && page.contains("TEGATA_CONFIG"),
        "{page}"
    );
}

#[test]
fn each_command_has_a_page_of_its_own() {
    let pages = pages(&Folder::new());

    for command in commands() {
        assert!(
            pages.contains(&format!("tegata-{command}.1")),
            "{command}: {pages:?}"
        );
    }
    assert!(
        pages.contains(&"tegata-users-revoke.1".to_owned()),
        "{pages:?}"
    );
}

#[test]
fn the_main_page_is_the_same_in_the_folder() {
    let folder = Folder::new();

    pages(&folder);

    let written = std::fs::read_to_string(folder.path().join("pages/tegata.1")).unwrap();
    assert_eq!(written, folder.run(&["man"]).stdout);
}

#[test]
fn readers_of_manual_pages_find_no_fault() {
    let folder = Folder::new();

    for page in pages(&folder) {
        let path = folder.path().join("pages").join(&page);
        assert_eq!(faults("groff", &["-man", "-ww", "-z"], &path), "", "{page}");
        assert_eq!(
            faults("mandoc", &["-Tlint", "-Werror"], &path),
            "",
            "{page}"
        );
    }
}

#[test]
fn the_foot_of_a_page_tells_the_version() {
    let folder = Folder::new();

    pages(&folder);

    let page = folder.path().join("pages/tegata-users-list.1");
    let page = std::fs::read_to_string(page).unwrap();
    let version = concat!("tegata ", env!("CARGO_PKG_VERSION"));
    let title = format!(".TH TEGATA-USERS-LIST 1 \"\" \"{version}\" \"User Commands\"\n");
    assert!(page.starts_with(&title), "{page}");
}
