use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A folder in which an issuer's set was kept, and that issuer, which is gone since.
struct Kept {
    folder: TempDir,
    clock: Clock,
    url: String,
}

impl Kept {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (issuer, clock) = (FakeIssuer::start().await, clock());
        issuer.answer(PATH, Answer::ok(set(&["a"])));
        let kept = Self {
            url: issuer.url(PATH),
            folder,
            clock,
        };
        let keys = kept.start("id.example");
        assert!(keys.get().await.is_some());
        kept
    }

    /// A service that starts now.
    fn start(&self, issuer: &str) -> RemoteKeys {
        let rules = KeySetRules {
            snapshots: Some(self.folder.path().join("sets")),
            ..rules()
        };
        let source = KeySetSource::Jwks(self.url.clone());
        let http = HttpClient::new().unwrap();
        let clock = self.clock.clone();
        RemoteKeys::new(issuer, source, &ALGORITHMS, rules, &http, clock).unwrap()
    }

    async fn kids_after_a_start(&self) -> Option<Vec<String>> {
        self.start("id.example").get().await.as_ref().map(kids)
    }

    fn file(&self) -> PathBuf {
        let mut files = fs::read_dir(self.folder.path().join("sets")).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "one file, and nothing beside it");
        file
    }
}

#[tokio::test]
async fn a_service_starts_while_the_issuer_is_gone() {
    let kept = Kept::new().await;
    kept.clock.advance(TimeDelta::minutes(69));
    let keys = kept.start("id.example");

    assert!(keys.now().is_none());
    assert_eq!(keys.get().await.as_ref().map(kids), Some(names(&["a"])));

    assert_eq!(keys.status().age, None);
    assert_eq!(keys.status().generation, 1);
}

#[tokio::test]
async fn a_set_from_a_snapshot_ends_when_it_would_have_ended() {
    let kept = Kept::new().await;
    kept.clock.advance(TimeDelta::minutes(69));
    let keys = kept.start("id.example");
    assert!(keys.get().await.is_some());

    kept.clock.advance(TimeDelta::minutes(1));

    assert!(keys.now().is_none());
}

#[tokio::test]
async fn an_old_snapshot_is_refused() {
    let kept = Kept::new().await;
    kept.clock.advance(TimeDelta::minutes(70));

    assert_eq!(kept.kids_after_a_start().await, None);
}

#[tokio::test]
async fn a_snapshot_of_the_future_is_refused() {
    let kept = Kept::new().await;
    kept.clock.set_ahead(TimeDelta::minutes(-1));

    assert_eq!(kept.kids_after_a_start().await, None);
}

#[tokio::test]
async fn a_snapshot_of_another_issuer_is_refused() {
    let kept = Kept::new().await;
    assert!(kept.start("other.example").get().await.is_none());

    let text = fs::read_to_string(kept.file()).unwrap();
    fs::write(kept.file(), text.replace("id.example", "other.example")).unwrap();

    assert_eq!(kept.kids_after_a_start().await, None);
}

#[tokio::test]
async fn a_damaged_snapshot_is_refused() {
    let kept = Kept::new().await;
    let text = fs::read_to_string(kept.file()).unwrap();
    fs::write(kept.file(), &text[..text.len() / 2]).unwrap();

    assert_eq!(kept.kids_after_a_start().await, None);
}

#[tokio::test]
async fn a_snapshot_is_for_our_eyes_only() {
    let kept = Kept::new().await;

    let mode = fs::metadata(kept.file()).unwrap().permissions().mode();

    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_snapshot_that_others_can_write_is_refused() {
    let kept = Kept::new().await;
    fs::set_permissions(kept.file(), fs::Permissions::from_mode(0o666)).unwrap();

    assert_eq!(kept.kids_after_a_start().await, None);
}

#[tokio::test]
async fn a_link_in_the_place_of_a_snapshot_is_not_followed() {
    let kept = Kept::new().await;
    let (file, elsewhere) = (kept.file(), kept.folder.path().join("elsewhere"));
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();

    assert_eq!(kept.kids_after_a_start().await, None);
}

#[tokio::test]
async fn writing_a_snapshot_does_not_follow_a_link() {
    let kept = Kept::new().await;
    let (file, elsewhere) = (kept.file(), kept.folder.path().join("elsewhere"));
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    let before = fs::read_to_string(&elsewhere).unwrap();
    let mut snapshot = Snapshot::new(file.parent().unwrap(), &"id.example".into(), &source(&kept));

    snapshot.keep(Some(set(&["b"])), &kept.clock).await;

    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), before);
    assert!(snapshot.read().unwrap().text.contains("\"b\""));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_stops_no_key() {
    let (issuer, folder) = (FakeIssuer::start().await, tempfile::tempdir().unwrap());
    issuer.answer(PATH, Answer::ok(set(&["a"])));
    fs::write(folder.path().join("sets"), "a file where a folder belongs").unwrap();
    let kept = Kept {
        url: issuer.url(PATH),
        folder,
        clock: clock(),
    };

    assert_eq!(kept.kids_after_a_start().await, Some(names(&["a"])));
}

#[test]
fn a_disk_that_hangs_stops_no_key() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    // Whoever holds the one thread for files, lets nobody write.
    let (release, held) = std::sync::mpsc::channel::<()>();
    runtime.spawn_blocking(move || held.recv());

    runtime.block_on(async {
        let (issuer, folder) = (FakeIssuer::start().await, tempfile::tempdir().unwrap());
        issuer.answer(PATH, Answer::ok(set(&["a"])));
        let kept = Kept {
            url: issuer.url(PATH),
            folder,
            clock: clock(),
        };
        let keys = kept.start("id.example");
        while keys.now().is_none() {
            tokio::task::yield_now().await;
        }
        let flight = &keys.0.shared.flight;
        for _ in 0..10 {
            kept.clock.advance(TimeDelta::seconds(1));
            tokio::task::yield_now().await;
        }

        assert!(!flight.is_under_way());
    });
    drop(release);
}

fn source(kept: &Kept) -> String {
    format!("jwks {}", kept.url)
}
