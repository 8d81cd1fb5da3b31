//! What hashing a password takes, and how much of it is still sane: in the settings, and in a
//! stored hash, for a damaged row must not take the service down.

use std::ops::RangeInclusive;

/// Rounds of PBKDF2: at the most, some 20 seconds.
pub const PBKDF2_ITERATIONS: RangeInclusive<u32> = 1..=100_000_000;
/// The logarithm of bcrypt's rounds: at the most, about a minute and a half.
pub const BCRYPT_ROUNDS: RangeInclusive<u32> = 4..=20;

/// What a hash of Argon2 takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// How often it is gone through.
    pub time: u32,
    /// In how many lanes.
    pub parallelism: u32,
}

impl Argon2Cost {
    /// What of it is wrong, and what was expected.
    #[must_use]
    pub fn fault(self) -> Option<Fault> {
        let least = self.parallelism.saturating_mul(8);
        let passes = u64::from(self.memory) * u64::from(self.time);
        if !(1..=MAX_LANES).contains(&self.parallelism) {
            return Fault::some("argon2_parallelism", "expected 1 to 255");
        }
        if !(least..=MAX_MEMORY_KIB).contains(&self.memory) {
            let reason = "expected 8 KiB for each of argon2_parallelism to 1048576 KiB";
            return Fault::some("argon2_memory_cost", reason);
        }
        if self.time == 0 || passes > MAX_PASSES_KIB {
            let reason = "expected 1 to 64 GiB gone through: argon2_memory_cost times \
                          argon2_time_cost is at most 67108864";
            return Fault::some("argon2_time_cost", reason);
        }
        None
    }
}

/// What a hash of scrypt takes, in the letters of RFC 7914.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    /// N.
    pub work_factor: u32,
    /// r.
    pub block_size: u32,
    /// p.
    pub parallelism: u32,
}

impl ScryptCost {
    /// What of it is wrong, and what was expected.
    #[must_use]
    pub fn fault(self) -> Option<Fault> {
        let [n, r, p] = [self.work_factor, self.block_size, self.parallelism].map(u64::from);
        if n < 2 || !n.is_power_of_two() {
            let reason = "expected a power of two above 1, such as 16384";
            return Fault::some("scrypt_work_factor", reason);
        }
        if !(1..=MAX_BLOCK_SIZE).contains(&r) || 128 * n * r > MAX_MEMORY_BYTES {
            let reason = "expected 1 to 1024, and 128 times scrypt_work_factor times \
                          scrypt_block_size at most 1 GiB";
            return Fault::some("scrypt_block_size", reason);
        }
        if !(1..=MAX_BLOCK_SIZE).contains(&p) || 128 * n * r * p > MAX_WORK_BYTES {
            let reason = "expected 1 to 1024, and 128 times scrypt_work_factor times \
                          scrypt_block_size times scrypt_parallelism at most 8 GiB";
            return Fault::some("scrypt_parallelism", reason);
        }
        None
    }
}

/// What is wrong with a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key in `[users]`.
    pub key: &'static str,
    /// What was expected.
    pub reason: &'static str,
}

impl Fault {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "each caller answers with it at once"
    )]
    fn some(key: &'static str, reason: &'static str) -> Option<Self> {
        Some(Self { key, reason })
    }
}

const MAX_LANES: u32 = 255;
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES_KIB: u64 = 1 << 26;
const MAX_BLOCK_SIZE: u64 = 1024;
const MAX_MEMORY_BYTES: u64 = 1 << 30;
const MAX_WORK_BYTES: u64 = 1 << 33;
