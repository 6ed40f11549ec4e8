//! The intake of the agent: framing, and the scan that keeps a trace's documents together. A nested text may imitate a trace
//! id, but one that is there and not hidden by escapes is never overlooked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::{Document, document_of, scan_trace_id};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = document_of(bytes) else { return };
    let scanned = scan_trace_id(text);
    if let Ok(document) = Document::parse(text.as_bytes()) {
        assert!(scanned.is_some() || document.trace_id.is_none() || text.contains('\\'), "a trace id was overlooked");
    }
});
