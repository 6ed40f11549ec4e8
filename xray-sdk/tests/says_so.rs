//! Checks the log lines of a first try: a segment before `init`, and no agent. One test, since it owns the logger and the recorder of the process.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Mutex;

use xray_sdk::Segment;
use xray_sdk::sampling::SampleAll;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LINES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

#[test]
fn an_early_segment_and_a_missing_agent_are_said_once() {
    log::set_logger(&Lines).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    drop(Segment::begin("before init"));
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let installed = xray_sdk::builder("shop").daemon_address(free.to_string()).sampler(SampleAll).install().unwrap();
    for _ in 0..20 {
        drop(Segment::begin("job"));
        installed.flush();
    }
    let lines = LINES.lock().unwrap().clone();
    let said = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(said("a segment began before the SDK was installed"), 1, "{lines:?}");
    assert_eq!(said("cannot send a document to the agent"), 1, "{lines:?}");
    assert!(said("is one listening?") == 1 && said("AWS_XRAY_DAEMON_ADDRESS") == 1, "the remedy: {lines:?}");
}
