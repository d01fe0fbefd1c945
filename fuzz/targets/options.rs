#![no_main]

libfuzzer_sys::fuzz_target!(|input: novate_fuzz::options::Input| novate_fuzz::options::check(&input));
