#![no_main]

libfuzzer_sys::fuzz_target!(|input: novate_fuzz::normal::Input| novate_fuzz::normal::check(&input));
