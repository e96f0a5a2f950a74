#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| arango_fuzz::read("response", input));
