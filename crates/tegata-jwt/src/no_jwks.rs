//! In the place of [`jwks`](crate::jwks), where the crate is built without it: types that nobody can
//! have a value of, so that what goes by them needs no second form.

#![expect(dead_code, reason = "nobody has a value of these")]

use std::future::Ready;
use std::sync::Arc;
use std::time::Duration;

use crate::keys::KeySet;

#[derive(Clone)]
pub(crate) enum RemoteKeys {}

impl RemoteKeys {
    pub(crate) fn now(&self) -> Option<Kept> {
        match *self {}
    }

    pub(crate) fn get(&self) -> Ready<Option<Kept>> {
        match *self {}
    }

    pub(crate) fn missed_now(&self, _seen: &Kept) -> Missed {
        match *self {}
    }

    pub(crate) fn missed(&self, _seen: &Kept) -> Ready<Missed> {
        match *self {}
    }

    pub(crate) fn retry_after(&self) -> Duration {
        match *self {}
    }
}

#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) keys: Arc<KeySet>,
    pub(crate) generation: u64,
}

pub(crate) enum Missed {
    Known,
    Renewed(Kept),
    Unknown,
}
