//! The users: who they are, and whether they are who they say.

mod hashing;
mod password;
mod username;

use anyhow::Result;
use tegata_jwt::{Clock, UserId};
use zeroize::Zeroizing;

use self::hashing::HashingPool;
use crate::error::Unavailable;
use crate::settings::Users;
use crate::store::{NewUser, Store, User};

pub use self::password::random as random_password;
pub use self::username::Username;

/// The users of the database, with the pool that hashes their passwords.
pub struct Accounts {
    store: Store,
    hashing: HashingPool,
    clock: Clock,
    iterations: u32,
}

impl Accounts {
    /// The users of `store`.
    #[must_use]
    pub fn new(settings: &Users, store: Store, clock: Clock) -> Self {
        let hashing = HashingPool::for_this_machine();
        Self {
            store,
            hashing,
            clock,
            iterations: settings.pbkdf2_iterations,
        }
    }

    /// The user of that name, where the password is right and the user active. Every other case
    /// costs the same and answers `None`, save that a password over the bound costs nothing.
    pub async fn authenticate(
        &self,
        username: &str,
        password: Zeroizing<String>,
    ) -> Result<Option<User>, Unavailable> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok(None);
        }

        let user = self.store.user_by_username(username).await?;
        let stored = user.as_ref().map(|user| user.password.clone());
        let is_active = user.as_ref().is_some_and(|user| user.is_active);
        let iterations = self.iterations;
        let check = move || password::check(stored.as_deref(), is_active, &password, iterations);
        let is_accepted = self.hashing.run(check).await?;

        Ok(user.filter(|_| is_accepted))
    }

    /// Whether a user who was authenticated is still active, with the same password: hashing takes
    /// long.
    pub async fn is_unchanged(&self, user: &User) -> Result<bool, Unavailable> {
        let now = self.store.user_by_id(user.id.clone()).await?;
        Ok(now.is_some_and(|now| now.is_active && now.password == user.password))
    }

    /// Creates a user with a password; `None` where the name is taken.
    pub async fn create(
        &self,
        user: NewUser,
        password: Zeroizing<String>,
    ) -> Result<Option<UserId>, Unavailable> {
        let iterations = self.iterations;
        let hash = move || password::hash(&password, iterations);
        let hash = self.hashing.run(hash).await??;
        Ok(self.store.create_user(user, hash, self.clock.now()).await?)
    }
}

/// Longer ones are refused unhashed: they would only cost time (CVE-2013-1443).
pub const MAX_PASSWORD_BYTES: usize = 4096;
