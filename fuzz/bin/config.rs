#![no_main]

#[path = "../rules/config.rs"]
mod rule;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rule::hold(data));
