//! StatsD datagrams: a line that counts has values and finite numbers; a bad line touches no other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use telemetry_wire::statsd::parse_datagram;

fuzz_target!(|datagram: &[u8]| {
    for line in parse_datagram(datagram).flatten() {
        assert!(line.values().count() > 0);
        assert!(line.rate > 0.0 && line.rate <= 1.0);
        assert!(line.tags().all(|(key, value)| !key.contains(',') && !value.contains(',')));
    }
});
