//! tegata over HTTP and over its command line, as its users meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod account;
mod app;
mod blacklist;
mod cli;
mod database;
mod deploy;
mod fake_issuer;
mod fuzz;
mod golden;
mod house;
mod http;
mod limits;
mod settings;
mod store;
mod tls;
mod token;
