mod pair;
mod refresh;
pub(crate) mod signed;
mod verify;
