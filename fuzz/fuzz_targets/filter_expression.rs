//! Filter expressions: an error points into the text or to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_rules::filter::Expression;

fuzz_target!(|text: &str| {
    if let Err(error) = Expression::parse(text) {
        assert!(error.position <= text.chars().count());
        assert!(!error.message.is_empty());
    }
});
