use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use proptest::sample::Index;
use tegata_jwt::Jti;

use super::*;

const GRACE: i64 = 10;

fn rules(grace: i64, reuse_detection: bool) -> Rules {
    Rules {
        grace: TimeDelta::seconds(grace),
        reuse_detection,
    }
}

fn successor(jti: &str, second: i64) -> Successor {
    let time = |second| DateTime::from_timestamp(second, 0).unwrap();
    Successor {
        jti: Jti::new(jti.to_owned()),
        issued_at: time(second),
        expires_at: time(second + 86_400),
    }
}

/// A token that was rotated in second 100.
fn rotated(successor_is_unused: bool) -> State {
    State::Rotated(Rotation {
        successor: successor("first", 100),
        successor_is_unused,
    })
}

fn refresh_at(second: i64) -> Event {
    Event::Refresh(successor("another", second))
}

fn effect(rules: Rules, state: State, event: Event) -> Effect {
    rules.step(state, event).1
}

#[test]
fn a_live_token_is_rotated() {
    let (state, effect) = rules(0, false).step(State::Live, refresh_at(100));

    assert_eq!(effect, Effect::Rotate(successor("another", 100)));
    let State::Rotated(rotation) = state else {
        panic!("{state:?}");
    };
    assert!(rotation.successor_is_unused);
}

#[test]
fn within_the_grace_period_the_same_successor_is_given_again() {
    let again = Effect::Repeat(successor("first", 100));

    for second in [100, 109] {
        let event = refresh_at(second);
        assert_eq!(effect(rules(GRACE, true), rotated(true), event), again);
    }
}

#[test]
fn within_the_grace_period_a_successor_in_use_is_not_given_again() {
    let effect = effect(rules(GRACE, true), rotated(false), refresh_at(109));

    assert_eq!(effect, Effect::Refuse);
}

#[test]
fn after_the_grace_period_the_family_ends_where_reuse_is_detected() {
    for is_unused in [true, false] {
        let state = || rotated(is_unused);

        assert_eq!(
            effect(rules(GRACE, true), state(), refresh_at(110)),
            Effect::EndFamily
        );
        assert_eq!(
            effect(rules(GRACE, false), state(), refresh_at(110)),
            Effect::Refuse
        );
    }
}

#[test]
fn without_a_grace_period_not_even_the_same_moment_counts() {
    for second in [100, 99] {
        let event = refresh_at(second);
        assert_eq!(
            effect(rules(0, false), rotated(true), event),
            Effect::Refuse
        );
    }
}

#[test]
fn a_clock_that_runs_behind_takes_no_grace_away() {
    let again = Effect::Repeat(successor("first", 100));

    assert_eq!(
        effect(rules(GRACE, true), rotated(true), refresh_at(50)),
        again
    );
}

#[test]
fn a_token_that_was_logged_out_is_refused() {
    for event in [refresh_at(100), Event::Blacklist] {
        assert_eq!(
            effect(rules(GRACE, true), State::Ended, event),
            Effect::Refuse
        );
    }
}

#[test]
fn a_rotated_token_that_is_blacklisted_ends_its_family() {
    assert_eq!(
        effect(rules(0, false), rotated(true), Event::Blacklist),
        Effect::EndFamily
    );
}

/// What happens to the tokens of a service that several clients, Django and its admin work on.
#[derive(Clone, Debug)]
enum Happening {
    /// A client presents a token, old or new, and is not answered yet.
    Ask(Index, bool),
    /// One of the requests under way comes to its decision.
    Decide(Index),
    /// Django blacklists a token, or rotates it and records nothing of what it gave.
    Django(Index),
    /// Somebody deletes a blacklisted row in Django's admin.
    Forgive(Index),
    /// Seconds pass.
    Wait(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let index = any::<Index>;
    prop_oneof![
        6 => (index(), prop::bool::weighted(0.9)).prop_map(|(token, is_refresh)| Happening::Ask(token, is_refresh)),
        6 => index().prop_map(Happening::Decide),
        1 => index().prop_map(Happening::Django),
        1 => index().prop_map(Happening::Forgive),
        2 => (0..GRACE * 2).prop_map(Happening::Wait),
    ]
}

/// The rows of the tables, and the requests under way.
struct World {
    rules: Rules,
    now: i64,
    tokens: Vec<String>,
    blacklisted: HashSet<String>,
    rotations: HashMap<String, Successor>,
    asked: Vec<(String, Event)>,
    drawn: usize,
}

impl World {
    fn new(rules: Rules) -> Self {
        Self {
            rules,
            now: 0,
            tokens: vec!["0".to_owned()],
            blacklisted: HashSet::new(),
            rotations: HashMap::new(),
            asked: Vec::new(),
            drawn: 0,
        }
    }

    fn state(&self, jti: &str) -> State {
        match self.rotations.get(jti) {
            Some(successor) => State::Rotated(Rotation {
                successor: successor.clone(),
                successor_is_unused: !self.blacklisted.contains(successor.jti.as_str())
                    && !self.rotations.contains_key(successor.jti.as_str()),
            }),
            None if self.blacklisted.contains(jti) => State::Ended,
            None => State::Live,
        }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Ask(token, is_refresh) => {
                self.drawn += 1;
                let event = if *is_refresh {
                    Event::Refresh(successor(&self.drawn.to_string(), self.now))
                } else {
                    Event::Blacklist
                };
                self.asked.push((token.get(&self.tokens).clone(), event));
            }
            Happening::Decide(request) if !self.asked.is_empty() => {
                let (jti, event) = self.asked.swap_remove(request.index(self.asked.len()));
                self.decide(&jti, event);
            }
            Happening::Decide(_) => {}
            Happening::Django(token) => {
                self.blacklisted.insert(token.get(&self.tokens).clone());
            }
            Happening::Forgive(token) => {
                self.blacklisted.remove(token.get(&self.tokens));
            }
            Happening::Wait(seconds) => self.now += seconds,
        }
    }

    /// What the store does in one transaction.
    fn decide(&mut self, jti: &str, event: Event) {
        let before = self.state(jti);
        let (after, effect) = self.rules.step(before.clone(), event);
        match effect {
            Effect::Blacklist => {
                assert_eq!(before, State::Live);
                self.blacklisted.insert(jti.to_owned());
            }
            Effect::EndFamily => {
                self.blacklisted.extend(self.tokens.iter().cloned());
                assert_eq!(self.live(), 0);
            }
            Effect::Refuse => {}
            Effect::Repeat(successor) => {
                assert_eq!(self.rotations[jti], successor);
                assert_eq!(self.state(successor.jti.as_str()), State::Live);
            }
            Effect::Rotate(successor) => {
                assert_eq!(before, State::Live);
                self.blacklisted.insert(jti.to_owned());
                self.tokens.push(successor.jti.to_string());
                let previous = self.rotations.insert(jti.to_owned(), successor);
                assert_eq!(previous, None, "spent twice");
            }
        }
        assert_eq!(self.state(jti), after);
    }

    fn live(&self) -> usize {
        let is_live = |jti: &&String| self.state(jti) == State::Live;
        self.tokens.iter().filter(is_live).count()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_family_never_has_two_live_tokens(
        grace in prop_oneof![Just(0), Just(GRACE)],
        reuse_detection in any::<bool>(),
        happenings in prop::collection::vec(happening(), 1..60),
    ) {
        let mut world = World::new(rules(grace, reuse_detection));

        for happening in &happenings {
            world.happen(happening);

            prop_assert!(world.live() <= 1, "{} live tokens", world.live());
        }
    }
}
