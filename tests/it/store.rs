//! How a store behaves, whichever engine is behind it.

mod postgres;
mod rotation;
mod users;

use chrono::{DateTime, TimeDelta, Utc};
use tegata::rotation::{Effect, Rules};
use tegata::settings::Settings;
use tegata::store::{Decided, NewUser, OutstandingToken, Refresh, Store, Unchanged, User};
use tegata_jwt::{Jti, UserId};

use crate::app::BEGIN;
use crate::database::Database;

struct Fixture {
    store: Store,
    database: Database,
}

impl Fixture {
    /// An empty store with the user `alice`.
    async fn new() -> Self {
        let database = Database::new();
        let mut settings = Settings::default();
        settings.database.url = database.url().try_into().unwrap();
        Store::migrate(&settings, now()).await.unwrap();
        let fixture = Self {
            store: Store::open(&settings).await.unwrap(),
            database,
        };
        fixture.create("alice").await.unwrap();
        fixture
    }

    async fn create(&self, username: &str) -> Option<UserId> {
        let user = NewUser {
            username: username.to_owned(),
            ..NewUser::default()
        };
        self.store
            .create_user(user, "a hash".to_owned(), now())
            .await
            .unwrap()
    }

    async fn alice(&self) -> User {
        self.store.user_by_username("alice").await.unwrap().unwrap()
    }

    fn execute(&self, sql: &str) {
        self.database.execute(sql);
    }

    async fn record(&self, user: &User) -> bool {
        let user = Unchanged::since_login(user);
        self.store.record_login(user, Some(row())).await.unwrap()
    }

    async fn is_unchanged(&self, user: &User) -> bool {
        let user = Unchanged::since_login(user);
        self.store.record_login(user, None).await.unwrap()
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(BEGIN, 0).unwrap()
}

fn row() -> OutstandingToken {
    OutstandingToken {
        user: Some(UserId::Number(1)),
        jti: Jti::new("7c642b79c8cf4cdbab3004d0d90a02d2".to_owned()),
        token: "header.claims.signature".to_owned(),
        created_at: now(),
        expires_at: now(),
    }
}

#[tokio::test]
async fn a_user_is_found_by_name_and_by_key() {
    let fixture = Fixture::new().await;

    let alice = fixture.alice().await;

    assert_eq!(alice.id, UserId::Number(1));
    assert!(alice.is_active);
    let again = fixture
        .store
        .user_by_id(UserId::Text("1".to_owned()))
        .await
        .unwrap();
    assert_eq!(again.unwrap().username, "alice");
    assert!(
        fixture
            .store
            .user_by_id(UserId::Text("one".to_owned()))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let fixture = Fixture::new().await;

    assert_eq!(fixture.create("alice").await, None);
    assert!(fixture.create("Alice").await.is_some());
}

#[tokio::test]
async fn an_unchanged_user_gets_the_token() {
    let fixture = Fixture::new().await;
    let alice = fixture.alice().await;

    assert!(fixture.record(&alice).await);
    assert!(fixture.is_unchanged(&alice).await);
    assert!(fixture.store.has_ever_issued().await.unwrap());
}

#[tokio::test]
async fn a_user_disabled_during_the_login_gets_nothing() {
    let fixture = Fixture::new().await;
    let alice = fixture.alice().await;

    fixture.execute("UPDATE auth_user SET is_active = FALSE");

    assert!(!fixture.record(&alice).await);
    assert!(!fixture.is_unchanged(&alice).await);
    assert!(!fixture.store.has_ever_issued().await.unwrap());
}

#[tokio::test]
async fn a_password_changed_during_the_login_is_not_undone_by_it() {
    let fixture = Fixture::new().await;
    let alice = fixture.alice().await;

    fixture.execute("UPDATE auth_user SET password = 'another hash'");

    assert!(!fixture.record(&alice).await);
    assert!(!fixture.is_unchanged(&alice).await);
}

#[tokio::test]
async fn a_user_deleted_during_the_login_gets_nothing() {
    let fixture = Fixture::new().await;
    let alice = fixture.alice().await;

    fixture.execute("DELETE FROM auth_user");

    assert!(!fixture.record(&alice).await);
    assert!(!fixture.is_unchanged(&alice).await);
}

#[tokio::test]
async fn flushed_tokens_are_remembered_as_issued() {
    let fixture = Fixture::new().await;
    fixture.record(&fixture.alice().await).await;

    fixture.execute("DELETE FROM token_blacklist_outstandingtoken");

    assert!(fixture.store.has_ever_issued().await.unwrap());
}

#[tokio::test]
async fn a_database_whose_users_are_gone_is_not_new() {
    let fixture = Fixture::new().await;
    fixture.execute("DELETE FROM auth_user");

    assert!(!fixture.store.never_had_a_user().await.unwrap());
}

fn refresh(user: Unchanged, rules: Option<Rules>) -> Refresh {
    let new = OutstandingToken {
        jti: Jti::new("11f374bf08ae448e958a4410160719de".to_owned()),
        ..row()
    };
    Refresh {
        user: Some(user),
        old: row(),
        new,
        rules,
    }
}

const RULES: Option<Rules> = Some(Rules {
    grace: TimeDelta::zero(),
    reuse_detection: false,
});

#[tokio::test]
async fn a_token_blacklisted_meanwhile_is_not_rotated_whether_or_not_rotation_blacklists() {
    let fixture = Fixture::new().await;
    let alice = fixture.alice().await;
    let Decided { effect, .. } = fixture.store.blacklist(row(), now()).await.unwrap();
    assert_eq!(effect, Effect::Blacklist);

    for rules in [RULES, None] {
        let refresh = refresh(Unchanged::holder(&alice, true), rules);
        let decided = fixture.store.rotate(refresh).await.unwrap().unwrap();

        assert_eq!(decided.effect, Effect::Refuse);
    }
}

#[tokio::test]
async fn a_user_disabled_meanwhile_ends_a_rotation_before_anything_is_written() {
    let fixture = Fixture::new().await;
    let alice = fixture.alice().await;
    fixture.execute("UPDATE auth_user SET is_active = FALSE");

    let refresh = refresh(Unchanged::holder(&alice, true), RULES);
    let decided = fixture.store.rotate(refresh).await.unwrap();

    assert!(decided.is_none());
    let jti = row().jti;
    assert!(!fixture.store.is_blacklisted(&jti).await.unwrap());
}

#[tokio::test]
async fn a_hash_upgraded_meanwhile_ends_a_rotation_only_where_tokens_end_with_it() {
    let fixture = Fixture::new().await;
    let alice = fixture.alice().await;
    fixture.execute("UPDATE auth_user SET password = 'the same, hashed anew'");

    let bound = Unchanged::holder(&alice, true).with_password_of(&alice);
    let bound = fixture.store.rotate(refresh(bound, RULES)).await.unwrap();
    let free = Unchanged::holder(&alice, true);
    let free = fixture.store.rotate(refresh(free, RULES)).await.unwrap();

    assert!(bound.is_none());
    assert!(matches!(free.unwrap().effect, Effect::Rotate(_)));
}
