//! The tolerant reader and the strict writer: what we write, we read and write again alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::TraceHeader;

fuzz_target!(|text: &str| {
    let header = TraceHeader::parse(text);
    let written = header.text().to_string();
    let again = TraceHeader::parse(&written);
    assert_eq!((again.root, again.parent, again.sampling), (header.root, header.parent, header.sampling));
    assert_eq!(again.lineage(), header.lineage());
    assert_eq!(again.text().to_string(), written);
});
