//! The recorder of the process: installed once, stopped by its guard. One test, since the process has one.

#![allow(clippy::unwrap_used, reason = "tests")]

use xray_sdk::sampling::SampleAll;
use xray_sdk::testing::MemoryEmitter;
use xray_sdk::{InstallError, Segment};

#[test]
fn the_first_install_stays_and_its_guard_sends_what_is_left() {
    drop(Segment::begin("before init: the no-op"));
    let emitter = MemoryEmitter::default();
    let installed = xray_sdk::builder("first").emitter(emitter.clone()).sampler(SampleAll).install().unwrap();
    let second = xray_sdk::builder("second").install();
    assert!(matches!(second, Err(InstallError::AlreadyInstalled)));
    assert_eq!(second.unwrap_err().to_string(), "xray-sdk is already installed in this process");

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..250).for_each(|_| drop(Segment::begin("job"))));
        }
    });
    installed.flush();
    assert_eq!(emitter.take_documents().len(), 1_000);

    drop(Segment::begin("last"));
    drop(installed);
    assert_eq!(emitter.take_documents().len(), 1);
    assert_eq!(xray_sdk::counters().sent, 1_001);

    drop(Segment::begin("after the end"));
    assert_eq!(emitter.take_documents().len(), 1, "sent by who closed it");
}
