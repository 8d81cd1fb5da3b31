//! `argon2$argon2id$v=19$m=MEMORY,t=TIME,p=PARALLELISM$SALT$HASH`: after the name of the algorithm
//! stands what libargon2 writes.

use std::cell::RefCell;

use argon2::{Algorithm, Argon2 as Hasher, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::number;
use super::salt::{SALT_CHARACTERS, salt};
use crate::error::Unavailable;
use crate::settings::work_factors::Argon2Cost;

/// A stored hash, taken apart.
pub(super) struct Argon2 {
    hasher: Hasher<'static>,
    /// Whether a new hash would be of this variant and version, too.
    is_of_new_kind: bool,
    cost: Argon2Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Argon2 {
    pub(super) fn parse(stored: &str) -> Option<Self> {
        let parts: Vec<_> = stored.split('$').collect();
        let (variant, version, cost, salt, hash) = match parts[..] {
            [variant, version, cost, salt, hash] => (variant, version, cost, salt, hash),
            // What libargon2 wrote before it wrote versions.
            [variant, cost, salt, hash] => (variant, "v=16", cost, salt, hash),
            _ => return None,
        };
        let algorithm = match variant {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return None,
        };
        let version = match version {
            "v=19" => Version::V0x13,
            "v=16" => Version::V0x10,
            _ => return None,
        };
        let cost = parse_cost(cost).filter(|cost| cost.fault().is_none())?;
        let [salt, hash] = [salt, hash].map(|text| STANDARD_NO_PAD.decode(text).ok());
        let (salt, hash) = (salt?, hash?);
        let is_whole = salt.len() >= argon2::MIN_SALT_LEN && hash.len() >= Params::MIN_OUTPUT_LEN;
        is_whole.then_some(Self {
            hasher: Hasher::new(algorithm, version, params(cost)?),
            is_of_new_kind: algorithm == ALGORITHM && version == VERSION,
            cost,
            salt,
            hash,
        })
    }

    pub(super) fn verify(&self, password: &str) -> Result<bool, Unavailable> {
        let hash = derive(&self.hasher, password, &self.salt, self.hash.len())?;
        Ok(verify_slices_are_equal(&hash, &self.hash).is_ok())
    }

    pub(super) fn is_current(&self, cost: Argon2Cost) -> bool {
        self.is_of_new_kind
            && self.cost == cost
            && self.hash.len() == HASH_BYTES
            && self.salt.len() >= SALT_CHARACTERS
    }
}

/// What follows the name of the algorithm in a new hash.
pub(super) fn hash(password: &str, cost: Argon2Cost) -> Result<String, Unavailable> {
    let salt = salt()?;
    let params = params(cost).ok_or(Unavailable::HashingFailed)?;
    let hasher = Hasher::new(ALGORITHM, VERSION, params);
    let hash = derive(&hasher, password, salt.as_bytes(), HASH_BYTES)?;
    let [salt, hash] = [salt.as_bytes(), &hash].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    let Argon2Cost {
        memory,
        time,
        parallelism,
    } = cost;
    Ok(format!(
        "argon2id$v=19$m={memory},t={time},p={parallelism}${salt}${hash}"
    ))
}

fn derive(
    hasher: &Hasher<'_>,
    password: &str,
    salt: &[u8],
    length: usize,
) -> Result<Vec<u8>, Unavailable> {
    let mut hash = vec![0; length];
    let blocks = hasher.params().block_count();
    let derived = MEMORY.with_borrow_mut(|memory| {
        // What is left to go wrong is that there is not so much memory now.
        memory.truncate(blocks);
        memory.shrink_to(blocks);
        let missing = blocks - memory.len();
        memory.try_reserve_exact(missing).ok()?;
        memory.resize(memory.len() + missing, Block::new());
        let password = password.as_bytes();
        let derived = hasher.hash_password_into_with_memory(password, salt, &mut hash, memory);
        derived.ok()
    });
    derived.ok_or(Unavailable::HashingFailed)?;
    Ok(hash)
}

/// Gives back what memory this thread has kept from one hash for the next.
pub(in crate::account) fn forget_memory() {
    MEMORY.take();
}

thread_local! {
    /// Kept while there is one hash after the other: to map and unmap a hundred megabytes each time
    /// holds up every other thread of the process, and takes a quarter of the hash's own time.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

fn parse_cost(text: &str) -> Option<Argon2Cost> {
    let parts: Vec<_> = text.split(',').collect();
    let [memory, time, parallelism] = parts[..] else {
        return None;
    };
    Some(Argon2Cost {
        memory: number(memory.strip_prefix("m=")?)?,
        time: number(time.strip_prefix("t=")?)?,
        parallelism: number(parallelism.strip_prefix("p=")?)?,
    })
}

fn params(cost: Argon2Cost) -> Option<Params> {
    Params::new(cost.memory, cost.time, cost.parallelism, None).ok()
}

const ALGORITHM: Algorithm = Algorithm::Argon2id;
const VERSION: Version = Version::V0x13;
const HASH_BYTES: usize = 32;
