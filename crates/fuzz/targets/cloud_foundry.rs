#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aiven_metrics::fuzzing::cloud_foundry(data));
