#![no_main]

libfuzzer_sys::fuzz_target!(|input: novate_fuzz::implied_volatility::Input| novate_fuzz::implied_volatility::check(&input));
