#![no_main]

libfuzzer_sys::fuzz_target!(|input: novate_fuzz::numbers::Input| novate_fuzz::numbers::check(&input));
