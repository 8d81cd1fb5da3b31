mod decode;
pub(super) mod issue;
mod verify;
