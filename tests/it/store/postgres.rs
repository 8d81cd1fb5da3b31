//! What is PostgreSQL's alone.

mod backends;
mod tls;
mod url;
