//! What hashing a password takes must be sane, and the hash fit Django's column.

use super::Contradiction;
use crate::settings::Users;
use crate::settings::work_factors::{BCRYPT_ROUNDS, PBKDF2_ITERATIONS};

pub(super) fn work_factors(users: &Users) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let mut refuse = |key, reason: &str| {
        found.push(Contradiction {
            keys: vec![("users", key)],
            reason: reason.to_owned(),
        });
    };
    if !PBKDF2_ITERATIONS.contains(&users.pbkdf2_iterations) {
        refuse("pbkdf2_iterations", "expected 1 to 100000000");
    }
    if !BCRYPT_ROUNDS.contains(&users.bcrypt_rounds) {
        refuse("bcrypt_rounds", "expected 4 to 20, a logarithm");
    }
    if let Some(fault) = users.argon2_cost().fault() {
        refuse(fault.key, fault.reason);
    }
    if let Some(fault) = users.scrypt_cost().fault() {
        refuse(fault.key, fault.reason);
    } else {
        found.extend(beyond_the_column(users));
    }
    found
}

/// A hash of scrypt with Django's factors has exactly the 128 characters of Django's column.
fn beyond_the_column(users: &Users) -> Option<Contradiction> {
    let keys = [
        ("scrypt_work_factor", users.scrypt_work_factor),
        ("scrypt_block_size", users.scrypt_block_size),
        ("scrypt_parallelism", users.scrypt_parallelism),
    ];
    let digits: u32 = keys.iter().map(|(_, factor)| factor.ilog10() + 1).sum();
    (digits > SCRYPT_DIGITS).then(|| Contradiction {
        keys: keys.map(|(key, _)| ("users", key)).to_vec(),
        reason: format!(
            "the hash would not fit Django's column of 128 characters: expected {SCRYPT_DIGITS} \
             digits at most, all three together"
        ),
    })
}

const SCRYPT_DIGITS: u32 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(change: impl FnOnce(&mut Users)) -> Vec<&'static str> {
        let mut users = Users::default();
        change(&mut users);
        let found = work_factors(&users);
        found
            .iter()
            .flat_map(|found| found.keys.iter().map(|(_, key)| *key))
            .collect()
    }

    #[test]
    fn work_that_takes_nothing_or_for_ever_is_refused() {
        assert!(keys(|_| {}).is_empty());
        assert_eq!(keys(|u| u.bcrypt_rounds = 3), ["bcrypt_rounds"]);
        assert_eq!(keys(|u| u.bcrypt_rounds = 32), ["bcrypt_rounds"]);
        assert_eq!(
            keys(|u| u.pbkdf2_iterations = u32::MAX),
            ["pbkdf2_iterations"]
        );
        assert_eq!(
            keys(|u| u.argon2_time_cost = u32::MAX),
            ["argon2_time_cost"]
        );
        assert_eq!(keys(|u| u.argon2_time_cost = 0), ["argon2_time_cost"]);
    }

    #[test]
    fn memory_that_no_lane_could_do_with_or_no_machine_has_is_refused() {
        assert_eq!(keys(|u| u.argon2_memory_cost = 63), ["argon2_memory_cost"]);
        assert!(keys(|u| u.argon2_memory_cost = 64).is_empty());
        assert_eq!(
            keys(|u| u.argon2_memory_cost = (1 << 20) + 1),
            ["argon2_memory_cost"]
        );
        assert_eq!(
            keys(|u| u.argon2_parallelism = u32::MAX),
            ["argon2_parallelism"]
        );
        assert_eq!(keys(|u| u.scrypt_block_size = 1024), ["scrypt_block_size"]);
        assert_eq!(
            keys(|u| u.scrypt_parallelism = u32::MAX),
            ["scrypt_parallelism"]
        );
    }

    #[test]
    fn a_work_factor_of_scrypt_is_a_power_of_two() {
        for factor in [0, 1, 3, 16_383, u32::MAX] {
            assert_eq!(
                keys(|u| u.scrypt_work_factor = factor),
                ["scrypt_work_factor"]
            );
        }
    }

    #[test]
    fn a_hash_of_scrypt_fits_djangos_column() {
        assert_eq!(keys(|u| u.scrypt_block_size = 16).len(), 3);
        assert_eq!(keys(|u| u.scrypt_work_factor = 1 << 17).len(), 3);
        assert!(keys(|u| (u.scrypt_work_factor, u.scrypt_block_size) = (8192, 16)).is_empty());
    }
}
