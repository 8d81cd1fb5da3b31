mod decode;
mod issue;
mod verify;
