use super::command::Folder;
use super::serve::post;
use super::token::issue::with_alice;

fn change(folder: &Folder, username: &str, input: &str) -> super::command::Outcome {
    folder.run_with_input(&["changepassword", username, "--password-stdin"], input)
}

async fn login(folder: &Folder, password: &str) -> u16 {
    let service = folder.serve();
    let body = format!(r#"{{"username": "alice", "password": "{password}"}}"#);
    let url = format!("{}/api/token/pair", service.origin);
    post(&url, body).await.0
}

#[tokio::test]
async fn the_new_password_takes_the_place_of_the_old() {
    let folder = with_alice();

    let changed = change(&folder, "alice", "another-pw\n");

    assert_eq!(changed.code, Some(0), "{changed:?}");
    assert!(
        changed
            .stderr
            .starts_with("changed the password of alice\n")
    );
    assert_eq!(login(&folder, "another-pw").await, 200);
    assert_eq!(login(&folder, "alice-pw").await, 401);
}

#[test]
fn what_cannot_be_a_password_changes_nothing() {
    let folder = with_alice();
    let before = folder.select("SELECT password FROM auth_user");

    change(&folder, "alice", "\n").assert_refused("the password is empty");
    change(&folder, "alice", &"x".repeat(4097)).assert_refused("over 4096 bytes");
    change(&folder, "nobody", "pw\n").assert_refused("there is no user nobody");

    assert_eq!(folder.select("SELECT password FROM auth_user"), before);
}
