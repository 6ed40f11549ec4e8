//! A child of a fork: it has no thread of its parent's. One test, since it forks the process.

#![cfg(unix)]
#![allow(clippy::unwrap_used, unsafe_code, reason = "tests")]

use std::net::UdpSocket;
use std::time::Duration;

use xray_sdk::sampling::SampleAll;
use xray_sdk::{Segment, Subsegment};

/// Runs `work` in a child, which ends with it. Returns its process id.
fn fork(work: impl FnOnce()) -> i32 {
    // SAFETY: the child calls code of this crate and of `std` only, and ends without unwinding into the test harness.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: the signal ends a child that waits for ever, which its parent then sees.
        unsafe { libc::alarm(20) };
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // SAFETY: ends the child without running destructors of the parent.
        unsafe { libc::_exit(i32::from(done.is_err())) };
    }
    child
}

fn wait_for(child: i32) -> i32 {
    let mut status = 0;
    // SAFETY: `child` is a child of this process, and `status` outlives the call.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status
}

#[test]
fn documents_of_a_child_leave_and_flush_and_drop_end() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    agent.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let installed = xray_sdk::builder("shop").daemon_address(agent.local_addr().unwrap().to_string()).sampler(SampleAll).install().unwrap();
    let receive = || {
        let mut buffer = [0; 65_536];
        let length = agent.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    // The parent's threads take every lock of the recording while the process forks.
    let shared = Segment::begin("shared");
    let in_shared = |work: fn()| shared.context().in_scope(work);
    let annotated = || {
        Subsegment::begin("step").annotate("key", 1);
    };
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            (0..2_000).for_each(|_| {
                drop(Segment::begin("parent"));
                in_shared(annotated);
            })
        });
        let children: Vec<i32> = (0..20)
            .map(|_| {
                fork(|| {
                    drop(Segment::begin("child"));
                    in_shared(annotated);
                    assert_eq!(installed.flush(), 0);
                })
            })
            .collect();
        busy.join().unwrap();
        assert!(children.into_iter().all(|child| wait_for(child) == 0), "each child ends, and its flush too");
    });
    installed.flush();
    // 2,000 documents overflow the socket: make room for those of the next child.
    agent.set_nonblocking(true).unwrap();
    while agent.recv(&mut [0; 65_536]).is_ok() {}
    agent.set_nonblocking(false).unwrap();
    let child = fork(|| (0..3).for_each(|_| drop(Segment::begin("later child"))));
    assert_eq!(wait_for(child), 0);
    let later = std::iter::repeat_with(receive).filter(|datagram| datagram.contains("later child")).take(3).count();
    assert_eq!(later, 3, "without a flush");
    drop(installed);
}
