//! tegata: a stand-alone service that issues and verifies JSON Web Tokens in the Ninja JWT style.
//!
//! The tour of the house, from the street to the ground. Each floor knows only those below it:
//!
//! - `main` and [`cli`]: one command, one file;
//! - [`http`]: the shell around the endpoints;
//! - [`token`]: the wing of `/api/token/*`, one endpoint, one file;
//! - [`endpoint`]: what the OpenAPI document says of an endpoint;
//! - [`extract`]: parts of requests as types;
//! - [`app`]: every long-lived thing;
//! - [`account`], [`blacklist`], [`limits`], [`keys`] and [`trust`]: users with their passwords, the
//!   tokens that are refused before their end, how many passwords may be guessed, the folder of keys,
//!   and whose tokens are accepted beside our own;
//! - [`store`]: the database;
//! - [`settings`], [`error`] and [`json`]: what is configured, what goes wrong, how it is written;
//! - [`audit`], [`seldom`] and [`request`]: what must be found again in the log, what must not flood
//!   it, and what each of its lines tells of the request;
//! - [`metrics`]: what is counted;
//! - [`rotation`]: what becomes of a refresh token, decided without touching anything;
//! - [`lock`]: what keeps two processes apart;
//! - the crate `tegata-jwt`: tokens themselves, which know no service.

pub mod account;
pub mod app;
pub mod audit;
pub mod blacklist;
pub mod cli;
pub mod endpoint;
pub mod error;
pub mod extract;
pub mod http;
pub mod json;
pub mod keys;
pub mod limits;
pub mod lock;
pub mod metrics;
pub mod request;
pub mod rotation;
pub mod seldom;
pub mod settings;
pub mod store;
pub mod token;
pub mod trust;
