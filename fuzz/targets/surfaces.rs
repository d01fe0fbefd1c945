#![no_main]

libfuzzer_sys::fuzz_target!(|input: novate_fuzz::surfaces::Input| novate_fuzz::surfaces::check(&input));
