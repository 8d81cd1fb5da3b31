mod command;
mod config;
mod createuser;
mod help;
mod keys;
mod migrate;
mod serve;
mod token;
