//! `scrypt$N$SALT$r$p$HASH`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scrypt::Params;

use super::number;
use super::salt::salt;
use crate::error::Unavailable;
use crate::settings::work_factors::ScryptCost;

/// A stored hash, taken apart.
pub(super) struct Scrypt<'a> {
    cost: ScryptCost,
    salt: &'a str,
    hash: Vec<u8>,
}

impl<'a> Scrypt<'a> {
    pub(super) fn parse(stored: &'a str) -> Option<Self> {
        let parts: Vec<_> = stored.split('$').collect();
        let [work_factor, salt, block_size, parallelism, hash] = parts[..] else {
            return None;
        };
        let cost = ScryptCost {
            work_factor: number(work_factor)?,
            block_size: number(block_size)?,
            parallelism: number(parallelism)?,
        };
        let hash = STANDARD.decode(hash).ok()?;
        let is_whole = !salt.is_empty() && hash.len() == HASH_BYTES && cost.fault().is_none();
        is_whole.then_some(Self { cost, salt, hash })
    }

    pub(super) fn verify(&self, password: &str) -> Result<bool, Unavailable> {
        let hash = derive(password, self.salt, self.cost)?;
        Ok(verify_slices_are_equal(&hash, &self.hash).is_ok())
    }

    /// Django does not look at the salt of scrypt, either.
    pub(super) fn is_current(&self, cost: ScryptCost) -> bool {
        self.cost == cost
    }
}

/// What follows the name of the algorithm in a new hash.
pub(super) fn hash(password: &str, cost: ScryptCost) -> Result<String, Unavailable> {
    let salt = salt()?;
    let hash = STANDARD.encode(derive(password, &salt, cost)?);
    let ScryptCost {
        work_factor,
        block_size,
        parallelism,
    } = cost;
    Ok(format!(
        "{work_factor}${salt}${block_size}${parallelism}${hash}"
    ))
}

fn derive(password: &str, salt: &str, cost: ScryptCost) -> Result<[u8; HASH_BYTES], Unavailable> {
    // Beyond the bounds the crate would overflow.
    if cost.fault().is_some() {
        return Err(Unavailable::HashingFailed);
    }
    let log_n = u8::try_from(cost.work_factor.ilog2()).map_err(|_| Unavailable::HashingFailed)?;
    let params = Params::new(log_n, cost.block_size, cost.parallelism);
    let params = params.map_err(|_| Unavailable::HashingFailed)?;

    let mut hash = [0; HASH_BYTES];
    let derived = scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut hash);
    derived.map_err(|_| Unavailable::HashingFailed)?;
    Ok(hash)
}

const HASH_BYTES: usize = 64;
