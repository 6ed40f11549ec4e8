//! Segment documents: the tolerant reader and the strict checker end on every text, and each entity is visited.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::{Document, check_text};

fuzz_target!(|text: &[u8]| {
    if let Ok(document) = Document::parse(text) {
        assert!(document.walk().count() > 0);
        assert!(check_text(text).is_ok(), "the reader takes what is no JSON for the checker");
    }
});
