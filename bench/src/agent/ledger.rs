//! What our agent says became of the segments.

use std::collections::BTreeMap;
use std::error::Error;

use serde::Deserialize;

/// The line of a signal in `/status`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Status {
    pub(crate) signal: String,
    pub(crate) entered: u64,
    pub(crate) held: u64,
    #[serde(default)]
    pub(crate) disk_items: u64,
    pub(crate) lost: u64,
    #[serde(default)]
    pub(crate) lost_by_reason: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) unread_bytes_by_reason: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct All {
    signals: Vec<Status>,
}

impl Status {
    pub(super) fn read(text: &str) -> Result<Self, Box<dyn Error>> {
        let of_traces = Self::read_all(text)?.into_iter().find(|status| status.signal == "traces");
        Ok(of_traces.ok_or("no line of traces")?)
    }

    /// Those of all signals.
    pub(super) fn read_all(text: &str) -> Result<Vec<Self>, Box<dyn Error>> {
        let all: All = serde_json::from_str(text).map_err(|error| format!("{error} in `{text}`"))?;
        Ok(all.signals)
    }

    /// Why segments were lost, and how many.
    pub(crate) fn reasons(&self) -> String {
        let reasons = self.lost_by_reason.iter().filter(|(_, count)| **count > 0);
        reasons.map(|(reason, count)| format!("{count} {reason}")).collect::<Vec<_>>().join(", ")
    }
}

/// The line that an agent writes into its log when it has stopped in order.
pub(super) fn last_words(log: &str) -> Option<Status> {
    let line = log.lines().rev().find(|line| line.contains("drained signal=\"traces\""))?;
    let number = |name: &str| {
        let (_, rest) = line.split_once(&format!(" {name}="))?;
        rest.split_whitespace().next()?.parse().ok()
    };
    Some(Status { entered: number("entered")?, lost: number("lost")?, held: number("left")?, ..Status::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_read() {
        let log = "INFO agent: drained signal=\"traces\" entered=1 recovered=0 accepted=1 lost=0 left=0\nx\n\
                   INFO agent: drained signal=\"traces\" entered=9 recovered=1 accepted=3 lost=2 left=5\n";
        let found = last_words(log).map(|status| (status.entered, status.lost, status.held));
        assert_eq!((found, last_words("").is_none()), (Some((9, 2, 5)), true));
    }
}
