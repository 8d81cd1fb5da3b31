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
    /// costs the same and answers `None`.
    pub async fn authenticate(
        &self,
        username: &str,
        password: Zeroizing<String>,
    ) -> Result<Option<User>, Unavailable> {
        if password.len() > LONGEST_PASSWORD {
            return Ok(None);
        }

        let user = self.store.user_by_username(username).await?;
        let stored = user.as_ref().map(|user| user.password.clone());
        let iterations = self.iterations;
        let check = move || password::check(stored.as_deref(), &password, iterations);
        let is_right = self.hashing.run(check).await?;

        Ok(user.filter(|user| is_right && user.is_active))
    }

    /// Creates a user; `None` where the name is taken.
    pub async fn create(&self, user: Registration) -> Result<Option<UserId>, Unavailable> {
        let iterations = self.iterations;
        let hash = move || password::hash(&user.password, iterations);
        let password = self.hashing.run(hash).await??;

        let row = NewUser {
            username: user.username.into(),
            password,
            email: user.email,
            is_staff: user.is_staff,
            is_superuser: user.is_superuser,
            date_joined: self.clock.now(),
        };
        Ok(self.store.create_user(row).await?)
    }
}

/// A user as they are to be created. No `Debug`: the password does not belong in logs.
pub struct Registration {
    /// The name.
    pub username: Username,
    /// The password.
    pub password: Zeroizing<String>,
    /// The e-mail address, or nothing.
    pub email: String,
    /// Whether the user may enter Django's admin.
    pub is_staff: bool,
    /// Whether the user has every permission in Django.
    pub is_superuser: bool,
}

/// In bytes. Longer ones are refused unhashed: they would only cost time (CVE-2013-1443).
pub const LONGEST_PASSWORD: usize = 4096;
