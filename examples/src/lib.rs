//! What the examples share.

use xray_sdk::Installed;

/// Sends what is left and says where to look.
pub fn report(xray: &Installed) {
    xray.flush();
    let counters = xray.counters();
    if counters.dropped_io_error == 0 {
        println!("{} documents sent: http://127.0.0.1:2080 shows them if `metrics-agent local` runs", counters.sent);
    } else {
        println!("no agent listens: start `cargo run --bin metrics-agent -- local`, then this again, and look at http://127.0.0.1:2080");
    }
}
