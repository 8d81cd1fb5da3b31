use std::io;
use std::sync::Mutex;

use tracing::subscriber::DefaultGuard;

use super::*;

/// What is logged on this thread, from `info` on.
struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    fn new() -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer(Arc::clone(&lines));
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || writer.clone())
            .finish();
        Self {
            lines,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.lines.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

#[derive(Clone)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_failure_is_loud_once_and_so_is_its_end() {
    let log = Log::new();
    let gone = || Answer::status(404);
    let case = Case::of([gone(), gone(), Answer::ok(set(&["a"]))]).await;
    case.kids().await;
    case.advance(1);
    case.kids().await;
    case.advance(2);
    case.kids().await;

    let lines = log.lines();

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
    let log = Log::new();
    let case = Case::of([Answer::ok(set(&["a", "b"])), Answer::ok(set(&["b", "c"]))]).await;
    case.kids().await;
    case.advance(600);
    case.kids().await;

    let last = log.lines().pop().unwrap();

    assert!(last.ends_with(r#"added=["c"] removed=["a"]"#), "{last}");
}

#[tokio::test]
async fn a_published_private_key_is_an_alarm_that_does_not_repeat_it() {
    let log = Log::new();
    let private = jwk("a").replacen('{', r#"{"d":"c2VjcmV0LXNlY3JldA","#, 1);
    let set = set_of(&[private, jwk("b")]);
    let case = Case::of([Answer::ok(set)]).await;
    case.kids().await;
    case.advance(600);
    case.kids().await;

    let lines = log.lines();

    let alarm = "ERROR security: an issuer publishes a private key; whoever has read it can sign \
                 tokens issuer=\"id.example\" position=0 reason=\"private\"";
    assert_eq!(lines.iter().filter(|line| *line == alarm).count(), 1);
    assert!(!lines.iter().any(|line| line.contains("c2VjcmV0LXNlY3JldA")));
}

#[tokio::test]
async fn a_kid_that_forges_a_line_of_the_log_is_escaped() {
    let log = Log::new();
    let forged = format!(r"x\n ERROR forged \u001b[31m{}", "k".repeat(100));
    let case = Case::of([Answer::ok(set(&[&forged]))]).await;
    case.kids().await;

    let lines = log.lines();

    assert_eq!(lines.len(), 1);
    assert!(lines[0].is_ascii() && !lines[0].contains('\u{1b}'));
    assert!(!lines[0].contains(&"k".repeat(64)));
}

#[tokio::test]
async fn more_keys_than_are_read_are_told() {
    let log = Log::new();
    let case = Case::of([Answer::ok(set(&["a"; 70]))]).await;
    case.kids().await;

    let lines = log.lines();

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
    let log = Log::new();
    let rules = KeySetRules {
        snapshots: Some(file),
        ..rules()
    };
    let case = Case::with(rules, [Answer::ok(set(&["a"]))]).await;
    case.kids().await;
    case.advance(600);
    case.kids().await;

    let told = log
        .lines()
        .into_iter()
        .filter(|line| line.contains("snapshot"));

    assert_eq!(case.requests(), 2);
    assert_eq!(
        told.filter(|line| line.contains("cannot be written"))
            .count(),
        1
    );
}
