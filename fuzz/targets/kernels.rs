#![no_main]

libfuzzer_sys::fuzz_target!(|input: novate_fuzz::kernels::Input| novate_fuzz::kernels::check(&input));
