//! Once a minute, a line if something was lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use telemetry_delivery::{Ledger, LedgerSnapshot, LossReason};

const EVERY: Duration = Duration::from_secs(60);

/// Looks until the task is dropped.
pub(crate) async fn tell_losses(ledgers: Vec<(&'static str, Arc<Ledger>)>) {
    let mut before = vec![LedgerSnapshot::default(); ledgers.len()];
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    loop {
        ticks.tick().await;
        for ((signal, ledger), before) in ledgers.iter().zip(&mut before) {
            let now = ledger.snapshot();
            let line =
                line_of(&before.lost, &now.lost, "").into_iter().chain(line_of(&before.unread, &now.unread, "bytes ")).collect::<Vec<_>>();
            if !line.is_empty() {
                tracing::error!(signal, "lost in the last minute: {}", line.join(", "));
            }
            *before = now;
        }
    }
}

/// What was lost since, by reason.
fn line_of(before: &BTreeMap<LossReason, u64>, now: &BTreeMap<LossReason, u64>, unit: &str) -> Option<String> {
    let more = now.iter().map(|(reason, count)| (reason, count - before.get(reason).unwrap_or(&0)));
    let texts: Vec<String> = more.filter(|(_, count)| *count > 0).map(|(reason, count)| format!("{count} {unit}{reason}")).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_told() {
        let first = BTreeMap::from([(LossReason::TOO_OLD, 3)]);
        let second = BTreeMap::from([(LossReason::TOO_OLD, 3), (LossReason::DISK, 2)]);
        assert_eq!(line_of(&BTreeMap::new(), &first, "").as_deref(), Some("3 too_old"));
        assert_eq!(line_of(&first, &second, "bytes ").as_deref(), Some("2 bytes disk"));
        assert_eq!(line_of(&second, &second, ""), None);
    }
}
