//! The users: who they are, and whether they are who they say.

mod hashing;
mod named;
mod password;
mod username;

use std::sync::Arc;

use anyhow::Result;
use tegata_jwt::{Clock, Issuer, Subject, UserId, Verified};
use zeroize::Zeroizing;

use self::hashing::{Caller, HashingPool};
use self::named::{NamedBy, NamesOfOthers};
use self::password::{Hashers, Verdict};
use crate::error::Unavailable;
use crate::settings::Settings;
use crate::store::{NewUser, Store, Unchanged, User};

pub use self::named::Named;
pub use self::password::{NotHashed, random as random_password};
pub use self::username::Username;

/// The users of the database, with the pool that hashes their passwords.
pub struct Accounts {
    store: Store,
    hashing: Arc<HashingPool>,
    clock: Clock,
    hashers: Arc<Hashers>,
    named_by: NamedBy,
    named_by_others: NamesOfOthers,
    must_be_active: bool,
    /// Whether tokens end with the password they were obtained with.
    ends_with_password: bool,
}

/// A password that may be checked: no longer than any that is hashed. No `Debug`: it does not belong
/// in logs.
#[derive(Clone)]
pub struct Password(Arc<Zeroizing<String>>);

impl Password {
    /// `None` where it is longer than [`MAX_PASSWORD_BYTES`].
    #[must_use]
    pub fn parse(text: Zeroizing<String>) -> Option<Self> {
        (text.len() <= MAX_PASSWORD_BYTES).then(|| Self(Arc::new(text)))
    }
}

/// Whom a token names.
pub enum Holder {
    /// Nobody: it has no claim for a user.
    Nobody,
    /// Somebody who is not there.
    Missing,
    /// A user who is not active, and had to be.
    Inactive,
    /// A user who has another password by now.
    PasswordChanged,
    /// A user whose token this is.
    User(User),
}

impl Accounts {
    /// The users of `store`.
    #[must_use]
    pub fn new(settings: &Settings, store: Store, clock: Clock) -> Self {
        let hashing = HashingPool::for_this_machine(password::forget_memory);
        Self::with_pool(settings, store, clock, Arc::new(hashing))
    }

    /// The same users under other settings.
    #[must_use]
    pub fn reloaded(&self, settings: &Settings) -> Self {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        Self::with_pool(settings, store, clock, Arc::clone(&self.hashing))
    }

    fn with_pool(
        settings: &Settings,
        store: Store,
        clock: Clock,
        hashing: Arc<HashingPool>,
    ) -> Self {
        Self {
            store,
            hashing,
            clock,
            hashers: Arc::new(Hashers::new(&settings.users)),
            named_by: NamedBy::of(&settings.jwt.user_id_field, settings),
            named_by_others: NamesOfOthers::new(settings),
            must_be_active: settings.jwt.check_user_is_active,
            ends_with_password: settings.jwt.check_revoke_token,
        }
    }

    /// The user of that name, where the password is right and the user active. Every other case
    /// costs the same and answers `None`.
    ///
    /// A hash that is out of date is replaced on the way, and the user answered with the new one.
    pub async fn authenticate(
        &self,
        username: &str,
        password: &Password,
    ) -> Result<Option<User>, Unavailable> {
        let Some((user, upgrade)) = self.check(username, password).await? else {
            return Ok(None);
        };
        let Some(upgrade) = upgrade else {
            return Ok(Some(user));
        };
        if let Some(user) = self.upgrade(user, upgrade).await {
            return Ok(Some(user));
        }
        // Another login was first with its upgrade, or the password was changed meanwhile: it has
        // to fit what stands there now.
        let again = self.check(username, password).await?;
        Ok(again.map(|(user, _)| user))
    }

    /// A user for the claims of a token.
    #[must_use]
    pub fn subject(&self, user: &User) -> Subject {
        Subject {
            user: match self.named_by {
                NamedBy::Id => user.id.clone(),
                NamedBy::Username => UserId::Text(user.username.clone()),
            },
            password_hash: user.password.clone(),
        }
    }

    /// Whom a token names, as things are now.
    pub async fn holder(&self, token: &Verified, issuer: &Issuer) -> Result<Holder, Unavailable> {
        let named = match token.user_id() {
            Ok(Some(named)) => named,
            Ok(None) => return Ok(Holder::Nobody),
            Err(_) => return Ok(Holder::Missing),
        };
        let holder = self.holder_named(&self.named_by.name(named)).await?;
        Ok(match holder {
            Holder::User(user) if !issuer.is_of_password(token, &user.password) => {
                Holder::PasswordChanged
            }
            holder => holder,
        })
    }

    /// Whom a token of another issuer names: nobody, unless its table says by which claim and by
    /// which column. That another has a user 1, makes nobody our user 1.
    #[must_use]
    pub fn named_by_other(&self, token: &Verified) -> Option<Named> {
        self.named_by_others.of(token)
    }

    /// The user of that name, as things are now. What a token says of a password, is not asked: none
    /// of ours stands in the tokens of others.
    pub async fn holder_named(&self, name: &Named) -> Result<Holder, Unavailable> {
        Ok(match self.named(name).await? {
            None => Holder::Missing,
            Some(user) if self.must_be_active && !user.is_active => Holder::Inactive,
            Some(user) => Holder::User(user),
        })
    }

    /// The primary key of the user a token names, whether or not the user still holds it.
    pub async fn key_of(&self, token: &Verified) -> Result<Option<UserId>, Unavailable> {
        let Ok(Some(named)) = token.user_id() else {
            return Ok(None);
        };
        let user = self.named(&self.named_by.name(named)).await?;
        Ok(user.map(|user| user.id))
    }

    /// A user who holds a token, to be looked at once more.
    #[must_use]
    pub fn unchanged(&self, user: &User) -> Unchanged {
        let holder = Unchanged::holder(user, self.must_be_active);
        if self.ends_with_password {
            holder.with_password_of(user)
        } else {
            holder
        }
    }

    /// Creates a user; `None` where the name is taken. Without a password the user has an unusable
    /// one, as in Django.
    pub async fn create(
        &self,
        user: NewUser,
        password: Option<Zeroizing<String>>,
    ) -> Result<Option<UserId>, NotHashed> {
        let hash = match password {
            Some(password) => self.hash(password).await?,
            None => password::unusable().map_err(Unavailable::from)?,
        };
        let created = self.store.create_user(user, hash, self.clock.now()).await;
        Ok(created.map_err(Unavailable::from)?)
    }

    /// Gives a user another password: `false` where the user is gone.
    pub async fn change_password(
        &self,
        id: UserId,
        password: Zeroizing<String>,
    ) -> Result<bool, NotHashed> {
        let hash = self.hash(password).await?;
        let changed = self.store.set_password(id, hash).await;
        Ok(changed.map_err(Unavailable::from)?)
    }

    /// How many passwords wait to be hashed, and how many are being hashed.
    #[must_use]
    pub fn hashing(&self) -> (usize, usize) {
        self.hashing.load()
    }

    async fn hash(&self, password: Zeroizing<String>) -> Result<String, NotHashed> {
        let hashers = Arc::clone(&self.hashers);
        self.hashing.run(move |_| hashers.hash(&password)).await?
    }

    /// The user of that name, where the password is right and the user active, and the hash that
    /// is to take the place of the old one.
    async fn check(
        &self,
        username: &str,
        password: &Password,
    ) -> Result<Option<(User, Option<String>)>, Unavailable> {
        let user = self.store.user_by_username(username).await?;
        let stored = user.as_ref().map(|user| user.password.clone());
        let is_active = user.as_ref().is_some_and(|user| user.is_active);
        let (hashers, Password(password)) = (Arc::clone(&self.hashers), password.clone());
        let check = move |caller: &Caller| {
            let is_awaited = || caller.waits();
            hashers.check(stored.as_deref(), is_active, &password, is_awaited)
        };
        Ok(match self.hashing.run(check).await?? {
            Verdict::Refused => None,
            Verdict::Accepted { upgrade } => user.map(|user| (user, upgrade)),
        })
    }

    /// The user with the new hash; `None`, and nothing written, where the old one stands no more.
    /// A write that fails refuses nobody: the user goes on with the old hash.
    async fn upgrade(&self, user: User, hash: String) -> Option<User> {
        let (id, old) = (user.id.clone(), user.password.clone());
        let written = self.store.upgrade_password(id, old, hash.clone()).await;
        match written {
            Ok(true) => Some(User {
                password: hash,
                ..user
            }),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!("a password hash was not upgraded: {error:#}");
                Some(user)
            }
        }
    }

    /// The user whom tokens call this.
    async fn named(&self, name: &Named) -> Result<Option<User>> {
        match name {
            Named::Id(id) => self.store.user_by_id(id.clone()).await,
            Named::Username(name) => self.store.user_by_username(name).await,
        }
    }
}

/// Longer ones are refused, not hashed: they would only cost time (CVE-2013-1443).
pub const MAX_PASSWORD_BYTES: usize = 4096;
