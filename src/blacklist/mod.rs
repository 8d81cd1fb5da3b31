//! The blacklist app: which tokens were issued, and which of them are refused before their end.

mod feed;
mod flush;
mod last_use;
mod set;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use tegata_jwt::{Clock, Decoded, Issued, Jti, Successor, UserId, VerifiedRefresh};

use self::feed::Feed;
use self::last_use::LastUse;
use self::set::Set;
use crate::audit;
use crate::rotation::{Effect, Event, Rules, State};
use crate::settings::{Settings, StoredToken};
use crate::store::{Decided, Ended, OutstandingToken, Refresh, Store, Unchanged};

pub use self::flush::{Flushed, ROWS as FLUSH_BATCH};

/// Outstanding and blacklisted tokens: in the database, and the blacklisted ones in memory, too.
/// Without the app nothing is recorded and nothing refused.
pub struct Blacklist {
    store: Store,
    clock: Clock,
    enabled: bool,
    stored_token: StoredToken,
    /// Whether a rotated token is blacklisted.
    ends_rotated: bool,
    rules: Rules,
    set: Arc<Set>,
    feed: Arc<Feed>,
    listens: bool,
    poll_interval: Duration,
    max_staleness: TimeDelta,
    leeway: TimeDelta,
    last_use: Arc<LastUse>,
    sliding_refresh_lifetime: TimeDelta,
    flush_interval: Option<Duration>,
}

impl Blacklist {
    /// The blacklist of `store`. Until it is [polled](Self::poll) for the first time, and whenever
    /// that was too long ago, the database is asked.
    #[must_use]
    pub fn new(settings: &Settings, store: Store, clock: Clock) -> Self {
        let feed = Arc::new(Feed::new());
        Self::with_memory(settings, store, clock, Arc::default(), feed)
    }

    /// The same blacklist under other settings, with the same memory.
    #[must_use]
    pub fn reloaded(&self, settings: &Settings) -> Self {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let (set, feed) = (Arc::clone(&self.set), Arc::clone(&self.feed));
        let reloaded = Self::with_memory(settings, store, clock, set, feed);
        if reloaded.last_use != self.last_use {
            // Some that left memory may be of use again.
            reloaded.feed.fall_short();
        }
        reloaded
    }

    fn with_memory(
        settings: &Settings,
        store: Store,
        clock: Clock,
        set: Arc<Set>,
        feed: Arc<Feed>,
    ) -> Self {
        let (jwt, blacklist) = (&settings.jwt, &settings.blacklist);
        Self {
            store,
            clock,
            enabled: blacklist.enabled,
            stored_token: blacklist.stored_token,
            ends_rotated: jwt.blacklist_after_rotation,
            rules: Rules {
                grace: jwt.refresh_grace_period.span(),
                reuse_detection: jwt.refresh_reuse_detection,
            },
            set,
            feed,
            listens: blacklist.listen,
            poll_interval: blacklist.poll_interval.span().to_std().unwrap_or_default(),
            max_staleness: blacklist.max_staleness.span(),
            leeway: jwt.leeway.span().max(TimeDelta::zero()),
            last_use: Arc::new(LastUse::new(settings)),
            sliding_refresh_lifetime: jwt
                .sliding_token_refresh_lifetime
                .span()
                .max(TimeDelta::zero()),
            flush_interval: blacklist
                .flush_interval
                .span()
                .to_std()
                .ok()
                .filter(|span| !span.is_zero()),
        }
    }

    /// Whether a token is blacklisted, from memory: exact for what was blacklisted here, behind by
    /// `poll_interval` at most for the rest.
    pub async fn contains(&self, token: &Decoded) -> Result<bool> {
        match self.id(token) {
            Some(jti) if self.is_followed() => Ok(self.set.contains(jti)),
            _ => self.contains_now(token).await,
        }
    }

    /// Whether a token is blacklisted, from the database: exact.
    pub async fn contains_now(&self, token: &Decoded) -> Result<bool> {
        match self.id(token) {
            Some(jti) => self.store.is_blacklisted(jti).await,
            None => Ok(false),
        }
    }

    /// Whether a refresh token is blacklisted or was rotated, whoever let it go since: exact.
    pub async fn has_ended(&self, token: &Decoded) -> Result<bool> {
        match self.id(token) {
            Some(jti) => Ok(self.store.rotation_state(jti).await? != State::Live),
            None => Ok(false),
        }
    }

    /// What a refresh that gives this successor comes to, as things are. A rotation is not decided
    /// with that: [`Self::rotate`] is what decides it.
    pub async fn weigh(&self, token: &Decoded, successor: Successor) -> Result<Effect> {
        let Some(jti) = self.id(token) else {
            return Ok(Effect::Rotate(successor));
        };
        let state = self.store.rotation_state(jti).await?;
        if self.ends_rotated || state == State::Live {
            Ok(self.rules.step(state, Event::Refresh(successor)).1)
        } else {
            Ok(Effect::Refuse)
        }
    }

    /// Gives a new refresh token for an old one; `None` where the user changed meanwhile.
    pub async fn rotate(
        &self,
        user: Option<Unchanged>,
        old: OutstandingToken,
        new: OutstandingToken,
    ) -> Result<Option<Effect>> {
        let (jti, owner) = (old.jti.clone(), old.user.clone());
        let refresh = Refresh {
            user,
            old,
            new,
            rules: self.ends_rotated.then_some(self.rules),
        };
        let Some(decided) = self.store.rotate(refresh).await? else {
            return Ok(None);
        };
        if decided.effect == Effect::EndFamily {
            report_reuse(&jti, owner.as_ref(), &decided.blacklisted);
        }
        Ok(Some(self.remember(decided)))
    }

    /// Blacklists a token of a user's, or what took its place; `false` where it was blacklisted
    /// already.
    pub async fn add(
        &self,
        verified: &VerifiedRefresh,
        token: &str,
        user: Option<UserId>,
    ) -> Result<bool> {
        let Some(row) = self.row_of_verified(verified, token, user) else {
            return Ok(true);
        };
        let decided = self.store.blacklist(row, self.clock.now());
        Ok(self.remember(decided.await?) == Effect::Blacklist)
    }

    /// Blacklists what lives of the family of a token that came again after its rotation.
    pub async fn end_family(&self, token: &VerifiedRefresh) -> Result<()> {
        if let Some(jti) = token.jti() {
            let ended = self.store.end_family(jti, self.clock.now()).await?;
            report_reuse(jti, token.user_id().ok().flatten().as_ref(), &ended);
            self.take_in(&ended);
            self.announce(ended.len());
        }
        Ok(())
    }

    /// Blacklists all tokens of a user, and answers how many there were.
    pub async fn end_all_of(&self, user: UserId) -> Result<usize> {
        let now = self.clock.now();
        // Whatever can be of use still: see `LastUse`.
        let unless_expired_by = now - self.leeway * 2 - self.sliding_refresh_lifetime;
        let ended = self.store.blacklist_all_of(user, unless_expired_by, now);
        let ended = ended.await?;
        self.announce(ended);
        Ok(ended)
    }

    /// The row of a token that was just issued; `None` where tokens have none.
    #[must_use]
    pub fn row(&self, issued: &Issued, user: Option<UserId>) -> Option<OutstandingToken> {
        let jti = issued.jti.as_ref().filter(|_| self.enabled)?;
        Some(OutstandingToken {
            user,
            jti: jti.clone(),
            token: self.stored_token.of(&issued.token).to_owned(),
            created_at: issued.issued_at,
            expires_at: issued.usable_until,
        })
    }

    /// The row of a token that came back to us, for tokens issued elsewhere have none yet.
    #[must_use]
    pub fn row_of_verified(
        &self,
        verified: &VerifiedRefresh,
        token: &str,
        user: Option<UserId>,
    ) -> Option<OutstandingToken> {
        let jti = verified.jti().filter(|_| self.enabled)?;
        Some(OutstandingToken {
            user,
            jti: jti.clone(),
            token: self.stored_token.of(token).to_owned(),
            created_at: self.clock.now(),
            expires_at: verified.expires_at(),
        })
    }

    /// What the app knows a token by.
    fn id<'a>(&self, token: &'a Decoded) -> Option<&'a Jti> {
        token.jti().filter(|_| self.enabled)
    }

    /// Takes what a decision blacklisted into memory: after the commit, and before the answer.
    fn remember(&self, decided: Decided) -> Effect {
        self.take_in(&decided.blacklisted);
        // Whoever got a new token has no use for the old one.
        if !matches!(decided.effect, Effect::Rotate(_)) {
            self.announce(decided.blacklisted.len());
        }
        decided.effect
    }

    /// Tells other nodes that tokens were blacklisted.
    fn announce(&self, tokens: usize) {
        if self.listens && tokens > 0 {
            self.store.announce();
        }
    }

    fn take_in(&self, ended: &[Ended]) {
        for token in ended {
            self.set.add(&token.jti, self.kept_until(token.expires_at));
        }
    }

    /// How long a token is kept in memory.
    fn kept_until(&self, last_use: DateTime<Utc>) -> DateTime<Utc> {
        let longer = self.leeway + MARGIN;
        last_use
            .checked_add_signed(longer)
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// How far memory may be behind the database; `None` where nothing was read yet.
    #[must_use]
    pub fn staleness(&self) -> Option<TimeDelta> {
        let followed_at = self.feed.followed_at()?;
        Some(self.clock.now() - followed_at)
    }

    /// Whether memory is as good as the database.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        let recent = TimeDelta::zero()..=self.max_staleness;
        self.staleness().is_some_and(|span| recent.contains(&span))
    }

    /// How many tokens are in memory.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.set.len()
    }

    /// Whether tokens are blacklisted at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }
}

/// A token is in two hands: whose, is worth an event, once.
fn report_reuse(jti: &Jti, user: Option<&UserId>, ended: &[Ended]) {
    if let [Ended { jti: ended, .. }, ..] = ended {
        audit::Event::ReuseDetected { user, jti, ended }.log();
    }
}

/// For how much longer than it needs to be a blacklisted token is remembered: a clock that jumped
/// ahead and was put right must not revive it.
const MARGIN: TimeDelta = TimeDelta::hours(1);
