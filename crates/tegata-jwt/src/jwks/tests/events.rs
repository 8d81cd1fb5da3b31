use std::cell::RefCell;
use std::io;
use std::sync::Once;

use super::*;
use crate::keys::UnusableReason;

thread_local! {
    /// What is logged on this thread, from `info` on: a test has a thread of its own.
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Logs for all tests: tracing may miss events of one subscriber while another comes or goes.
static SUBSCRIBER: Once = Once::new();

fn listen() {
    SUBSCRIBER.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(|| Writer)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

fn lines() -> Vec<String> {
    let text = LINES.with_borrow(|lines| String::from_utf8(lines.clone()).unwrap());
    text.lines().map(|line| line.trim().to_owned()).collect()
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_failure_is_loud_once_and_so_is_its_end() {
    listen();
    let gone = || Answer::status(404);
    let case = Case::of([gone(), gone(), Answer::ok(set(&["a"]))]).await;
    case.kids().await;
    case.advance(1);
    case.kids().await;
    case.advance(2);
    case.kids().await;

    let lines = lines();

    assert!(
        lines[0].starts_with("ERROR the keys of an issuer cannot be fetched issuer=\"id.example\"")
    );
    assert!(lines[0].ends_with("the answer is 404\""));
    assert_eq!(
        lines[1..],
        [
            "WARN the keys of an issuer can be fetched again issuer=\"id.example\" failures=2",
            "INFO the keys of an issuer have changed issuer=\"id.example\" added=[\"a\"] removed=[]",
        ]
    );
}

#[tokio::test]
async fn a_change_of_keys_is_told_by_their_names() {
    listen();
    let case = Case::of([Answer::ok(set(&["a", "b"])), Answer::ok(set(&["b", "c"]))]).await;
    case.kids().await;
    case.advance(600);
    case.kids().await;

    let last = lines().pop().unwrap();

    assert!(last.ends_with(r#"added=["c"] removed=["a"]"#), "{last}");
}

#[tokio::test]
async fn a_published_private_key_is_an_alarm_that_does_not_repeat_it() {
    listen();
    let private = jwk("a").replacen('{', r#"{"d":"c2VjcmV0LXNlY3JldA","#, 1);
    let set = set_of(&[private, jwk("b")]);
    let case = Case::of([Answer::ok(set)]).await;
    case.kids().await;
    case.advance(600);
    case.kids().await;

    let lines = lines();

    let alarm = "ERROR security: an issuer publishes a private key; whoever has read it can sign \
                 tokens issuer=\"id.example\" position=0 reason=\"private\"";
    assert_eq!(lines.iter().filter(|line| *line == alarm).count(), 1);
    assert!(!lines.iter().any(|line| line.contains("c2VjcmV0LXNlY3JldA")));
}

#[tokio::test]
async fn a_published_private_key_is_an_alarm_where_it_is_the_only_one_too() {
    listen();
    let private = || jwk("a").replacen('{', r#"{"d":"c2VjcmV0LXNlY3JldA","#, 1);
    let case = Case::of([Answer::ok(set_of(&[private()]))]).await;
    case.kids().await;

    let alarms = lines().into_iter();
    let alarms = alarms.filter(|line| line.starts_with("ERROR security: "));
    let skipped = case.keys.status().counts.skipped;

    assert_eq!(alarms.count(), 1);
    assert!(skipped.contains(&(UnusableReason::Private, 1)));
}

#[tokio::test]
async fn what_is_no_key_set_is_told_with_its_url() {
    listen();
    let case = Case::of([Answer::ok("<html>")]).await;
    case.kids().await;

    let url = case.issuer.url(PATH);

    let told = format!("error=\"{url}: no key set: the JWK cannot be used: no JSON object\"");
    assert!(lines()[0].ends_with(&told), "{:?}", lines());
}

#[tokio::test]
async fn a_key_for_encryption_beside_those_for_signatures_is_no_warning() {
    listen();
    let encryption = jwk("e").replace(r#""use":"sig""#, r#""use":"enc""#);
    let case = Case::of([Answer::ok(set_of(&[encryption, jwk("a")]))]).await;
    case.kids().await;

    let lines = lines();

    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].ends_with(r#"added=["a"] removed=[]"#), "{lines:?}");
}

#[tokio::test]
async fn a_kid_that_forges_a_line_of_the_log_is_escaped() {
    listen();
    let forged = format!(r"x\n ERROR forged \u001b[31m{}", "k".repeat(100));
    let case = Case::of([Answer::ok(set(&[&forged]))]).await;
    case.kids().await;

    let lines = lines();

    assert_eq!(lines.len(), 1);
    assert!(lines[0].is_ascii() && !lines[0].contains('\u{1b}'));
    assert!(!lines[0].contains(&"k".repeat(64)));
}

#[tokio::test]
async fn more_keys_than_are_read_are_told() {
    listen();
    let case = Case::of([Answer::ok(set(&["a"; 70]))]).await;
    case.kids().await;

    let lines = lines();

    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("more keys than are read issuer=\"id.example\" ignored=6")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_written_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sets");
    std::fs::write(&file, "a file where a folder belongs").unwrap();
    listen();
    let rules = KeySetRules {
        snapshots: Some(file),
        ..rules()
    };
    let case = Case::with(rules, [Answer::ok(set(&["a"]))]).await;
    case.kids().await;
    case.advance(600);
    case.kids().await;

    let told = lines().into_iter().filter(|line| line.contains("snapshot"));

    assert_eq!(case.requests(), 2);
    assert_eq!(
        told.filter(|line| line.contains("cannot be written"))
            .count(),
        1
    );
}
