//! Rotations in any order, with what others write in between.

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::Index;
use tegata::rotation::{Effect, Rules, State};
use tegata::store::{OutstandingToken, Refresh, Unchanged};
use tegata_jwt::Jti;
use tokio::runtime::Runtime;

use super::{Fixture, now, row};

const GRACE: i64 = 10;

#[derive(Clone, Debug)]
enum Happening {
    Refresh(Index),
    Blacklist(Index),
    /// Django blacklists a token.
    Django(Index),
    /// Somebody deletes a blacklisted row in Django's admin.
    Forgive(Index),
    Wait(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let index = any::<Index>;
    prop_oneof![
        8 => index().prop_map(Happening::Refresh),
        1 => index().prop_map(Happening::Blacklist),
        1 => index().prop_map(Happening::Django),
        1 => index().prop_map(Happening::Forgive),
        2 => (1..GRACE).prop_map(Happening::Wait),
    ]
}

/// One login, and all that came of it.
struct Family {
    fixture: Fixture,
    rules: Rules,
    user: Unchanged,
    seconds: i64,
    tokens: Vec<Jti>,
}

impl Family {
    async fn new(rules: Rules) -> Self {
        let fixture = Fixture::new().await;
        let alice = fixture.alice().await;
        fixture.record(&alice).await;
        Self {
            fixture,
            rules,
            user: Unchanged::holder(&alice, true),
            seconds: 0,
            tokens: vec![row().jti],
        }
    }

    fn token(&self, jti: &Jti) -> OutstandingToken {
        OutstandingToken {
            jti: jti.clone(),
            created_at: now() + TimeDelta::seconds(self.seconds),
            expires_at: now() + TimeDelta::days(1),
            ..row()
        }
    }

    async fn happen(&mut self, happening: &Happening) {
        let store = &self.fixture.store;
        match happening {
            Happening::Refresh(token) => {
                let old = token.get(&self.tokens);
                let new = Jti::new(format!("successor {}", self.tokens.len()));
                let refresh = Refresh {
                    user: Some(self.user.clone()),
                    old: self.token(old),
                    new: self.token(&new),
                    rules: Some(self.rules),
                };
                let decided = store.rotate(refresh).await.unwrap().unwrap();
                match decided.effect {
                    Effect::Rotate(successor) => self.tokens.push(successor.jti),
                    Effect::Repeat(successor) => {
                        let state = store.rotation_state(&successor.jti).await.unwrap();
                        assert_eq!(state, State::Live, "a repeat is of use");
                    }
                    Effect::EndFamily => assert_eq!(self.live().await, 0, "the family has ended"),
                    _ => {}
                }
            }
            Happening::Blacklist(token) => {
                let token = self.token(token.get(&self.tokens));
                let at = token.created_at;
                store.blacklist(token, at).await.unwrap();
            }
            Happening::Django(token) => self.fixture.execute(&format!(
                "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) \
                 SELECT '2026-11-21 00:01:33', id FROM token_blacklist_outstandingtoken \
                 WHERE jti = '{}' ON CONFLICT DO NOTHING",
                token.get(&self.tokens)
            )),
            Happening::Forgive(token) => self.fixture.execute(&format!(
                "DELETE FROM token_blacklist_blacklistedtoken WHERE token_id = \
                 (SELECT id FROM token_blacklist_outstandingtoken WHERE jti = '{}')",
                token.get(&self.tokens)
            )),
            Happening::Wait(seconds) => self.seconds += seconds,
        }
    }

    async fn live(&self) -> usize {
        let mut live = 0;
        for jti in &self.tokens {
            let state = self.fixture.store.rotation_state(jti).await.unwrap();
            live += usize::from(state == State::Live);
        }
        live
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_family_in_the_database_never_has_two_live_tokens(
        grace in prop_oneof![Just(0), Just(GRACE)],
        reuse_detection in any::<bool>(),
        happenings in prop::collection::vec(happening(), 1..40),
    ) {
        let rules = Rules { grace: TimeDelta::seconds(grace), reuse_detection };
        Runtime::new().unwrap().block_on(async {
            let mut family = Family::new(rules).await;
            for happening in &happenings {
                family.happen(happening).await;

                prop_assert!(family.live().await <= 1, "two live tokens");
            }
            Ok(())
        })?;
    }
}
