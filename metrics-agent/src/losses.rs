//! Once a minute, a line if something was lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use telemetry_delivery::{Ledger, LossReason};

const EVERY: Duration = Duration::from_secs(60);

/// Looks until the task is dropped.
pub(crate) async fn tell_losses(ledgers: Vec<(&'static str, Arc<Ledger>)>) {
    let mut before = vec![BTreeMap::new(); ledgers.len()];
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    loop {
        ticks.tick().await;
        for ((signal, ledger), before) in ledgers.iter().zip(&mut before) {
            let lost = ledger.snapshot().lost;
            if let Some(line) = line_of(before, &lost) {
                tracing::error!(signal, "lost in the last minute: {line}");
            }
            *before = lost;
        }
    }
}

/// What was lost since, by reason.
fn line_of(before: &BTreeMap<LossReason, u64>, now: &BTreeMap<LossReason, u64>) -> Option<String> {
    let more = now.iter().map(|(reason, count)| (reason, count - before.get(reason).unwrap_or(&0)));
    let texts: Vec<String> = more.filter(|(_, count)| *count > 0).map(|(reason, count)| format!("{count} {reason}")).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_told() {
        let first = BTreeMap::from([(LossReason::TOO_OLD, 3)]);
        let second = BTreeMap::from([(LossReason::TOO_OLD, 3), (LossReason::DISK, 2)]);
        assert_eq!(line_of(&BTreeMap::new(), &first).as_deref(), Some("3 too_old"));
        assert_eq!(line_of(&first, &second).as_deref(), Some("2 disk"));
        assert_eq!(line_of(&second, &second), None);
    }
}
