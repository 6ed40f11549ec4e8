//! Ids: whatever is accepted is written as it was read, but for case.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::{SegmentId, TraceId};

fuzz_target!(|text: &str| {
    if let Ok(id) = TraceId::parse(text) {
        assert_eq!(TraceId::parse(&id.to_string()), Ok(id));
        assert_eq!(TraceId::parse(&id.to_w3c()), Ok(id));
    }
    if let Ok(id) = SegmentId::parse(text) {
        assert!(id.to_string().eq_ignore_ascii_case(text));
    }
});
