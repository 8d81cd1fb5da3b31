#![no_main]

#[path = "../rules/verify.rs"]
mod rule;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rule::hold(data));
