//! W3C's header: what is accepted survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::Traceparent;

fuzz_target!(|text: &str| {
    if let Some(parent) = Traceparent::parse(text) {
        assert_eq!(Traceparent::parse(&parent.to_string()), Some(parent));
    }
});
