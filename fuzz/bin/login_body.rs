#![no_main]

#[path = "../rules/login_body.rs"]
mod rule;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rule::hold(data));
