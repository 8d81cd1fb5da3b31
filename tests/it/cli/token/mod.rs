mod decode;
pub(crate) mod issue;
mod verify;
