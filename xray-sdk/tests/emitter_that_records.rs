//! An emitter that is traced itself: neither a lock nor a worker that has ended may hold it up. One test, since the process has one recorder.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use xray_sdk::Segment;
use xray_sdk::sampling::SampleAll;

/// Ends a segment of its own for each of the first few datagrams.
#[derive(Clone, Default)]
struct Recording {
    sent: Arc<AtomicU32>,
}

impl xray_sdk::Emitter for Recording {
    fn emit(&self, _: &[u8]) -> std::io::Result<()> {
        if self.sent.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            drop(Segment::begin("of the emitter"));
        }
        Ok(())
    }
}

#[test]
fn an_emitter_may_record_before_and_after_the_end_of_the_worker() {
    let emitter = Recording::default();
    let installed = xray_sdk::builder("shop").emitter(emitter.clone()).sampler(SampleAll).install().unwrap();
    drop(Segment::begin("job"));
    installed.flush();
    assert_eq!(emitter.sent.load(Ordering::SeqCst), 2);
    drop(installed);
    drop(Segment::begin("late job"));
    assert_eq!(emitter.sent.load(Ordering::SeqCst), 4);
}
