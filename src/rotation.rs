//! Refresh rotation, decided: what becomes of a refresh token that is presented. Nothing here reads
//! or writes; the store runs it within the transaction that counts.

#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use tegata_jwt::Successor;

/// What a refresh token is found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Of use.
    Live,
    /// Blacklisted otherwise than by our rotation: logged out, or rotated by Django.
    Ended,
    /// Rotated.
    Rotated(Rotation),
}

/// A rotation that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// What took the token's place.
    pub successor: Successor,
    /// Whether the successor was neither rotated nor blacklisted since.
    pub successor_is_unused: bool,
}

/// What is asked for with a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Another refresh token in its place: this one, at the moment of its issue.
    Refresh(Successor),
    /// Its end (`/token/blacklist`).
    Blacklist,
}

/// What is to be done, and answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The token is blacklisted: its holder logs out.
    Blacklist,
    /// Whatever still lives of the token's family is blacklisted, and the request refused: the
    /// token is in two hands, or its holder logs out with a token of the day before.
    EndFamily,
    /// The request is refused.
    Refuse,
    /// The answer is the successor that was given before: its receiver may not have got it.
    Repeat(Successor),
    /// The token is blacklisted, the successor recorded in its place and answered.
    Rotate(Successor),
}

/// What the settings say about refreshes with tokens that were rotated already. By default there is
/// no grace, and nothing ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// For how long after its rotation a token still earns its successor.
    pub grace: TimeDelta,
    /// Whether a family ends when one of its tokens comes again after that.
    pub reuse_detection: bool,
}

impl Rules {
    /// What becomes of a token, and what is to be done (RFC 9700 4.14.2).
    #[must_use]
    pub fn step(self, state: State, event: Event) -> (State, Effect) {
        match (state, event) {
            (State::Live, Event::Blacklist) => (State::Ended, Effect::Blacklist),
            (State::Live, Event::Refresh(successor)) => {
                let rotation = Rotation {
                    successor: successor.clone(),
                    successor_is_unused: true,
                };
                (State::Rotated(rotation), Effect::Rotate(successor))
            }
            (State::Ended, _) => (State::Ended, Effect::Refuse),
            (State::Rotated(mut rotation), event) => {
                let effect = match event {
                    Event::Blacklist => Effect::EndFamily,
                    // Identifiers are random: this is the same refresh, which was done already, but
                    // nobody had heard whether it was.
                    Event::Refresh(same) if same.jti == rotation.successor.jti => {
                        Effect::Repeat(same)
                    }
                    Event::Refresh(again) => self.again(&rotation, again.issued_at),
                };
                rotation.successor_is_unused &= effect != Effect::EndFamily;
                (State::Rotated(rotation), effect)
            }
        }
    }

    /// A rotated token comes again.
    fn again(self, rotation: &Rotation, now: DateTime<Utc>) -> Effect {
        // The clock of another node may be ahead of ours.
        let elapsed = (now - rotation.successor.issued_at).max(TimeDelta::zero());
        if elapsed < self.grace {
            if rotation.successor_is_unused {
                Effect::Repeat(rotation.successor.clone())
            } else {
                Effect::Refuse
            }
        } else if self.reuse_detection {
            Effect::EndFamily
        } else {
            Effect::Refuse
        }
    }
}
