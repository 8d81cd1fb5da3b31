mod command;
mod config;
mod createuser;
mod help;
mod migrate;
mod serve;
mod token;
