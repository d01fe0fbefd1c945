//! Guided by coverage: the bytes are drawn as the campaign draws its own.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    novate_fuzz_risk::execute(bytes, &mut novate_fuzz_risk::Tally::default());
});
