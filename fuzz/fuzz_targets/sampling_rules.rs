//! Local sampling rules of a user's file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::sampling::LocalRules;

fuzz_target!(|text: &str| {
    match LocalRules::parse(text) {
        Ok(rules) => drop(rules),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
