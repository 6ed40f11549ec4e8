//! What of a configuration cannot change while the agent runs.

use crate::config::Config;

/// Puts those settings back to what they are, and gives the names of those that would have changed.
pub(super) fn keep_fixed(running: &Config, next: &mut Config) -> Vec<&'static str> {
    let mut kept = Vec::new();
    let mut note = |name, is_other| {
        if is_other {
            kept.push(name);
        }
    };
    note("traces.udp", keep(&running.traces.udp, &mut next.traces.udp));
    note("traces.tcp", keep(&running.traces.tcp, &mut next.traces.tcp));
    note("traces.socket", keep(&running.traces.socket, &mut next.traces.socket));
    note("traces.socket_mode", keep(&running.traces.socket_mode, &mut next.traces.socket_mode));
    note("traces.socket_group", keep(&running.traces.socket_group, &mut next.traces.socket_group));
    note("traces.spool", keep(&running.traces.spool, &mut next.traces.spool));
    note("traces.spool_folder", keep(&running.traces.spool_folder, &mut next.traces.spool_folder));
    note("metrics.enabled", keep(&running.metrics.enabled, &mut next.metrics.enabled));
    note("metrics.statsd", keep(&running.metrics.statsd, &mut next.metrics.statsd));
    note("otlp.enabled", keep(&running.otlp.enabled, &mut next.otlp.enabled));
    note("otlp.http", keep(&running.otlp.http, &mut next.otlp.http));
    note("otlp.grpc", keep(&running.otlp.grpc, &mut next.otlp.grpc));
    note("logs.state", keep(&running.logs.state, &mut next.logs.state));
    note("health", keep(&running.health, &mut next.health));
    kept
}

/// Puts a setting back; whether it was another.
fn keep<T: Clone + PartialEq>(running: &T, next: &mut T) -> bool {
    let is_other = running != next;
    next.clone_from(running);
    is_other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_folders_stay_and_are_named() {
        let running = Config::default();
        let mut next = Config::default();
        next.traces.udp.set_port(1);
        next.logs.state = Some("/elsewhere".into());
        next.traces.concurrency = 2;
        assert_eq!(keep_fixed(&running, &mut next), ["traces.udp", "logs.state"]);
        assert_eq!((next.traces.udp, next.traces.concurrency), (running.traces.udp, 2));
    }
}
