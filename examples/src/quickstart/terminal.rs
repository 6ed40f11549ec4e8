//! What the terminal shows: the first trace as a tree, then rates.

use std::io::Write as _;
use std::time::Duration;

use telemetry_wire::{Document, SegmentId};

use crate::AnyError;
use crate::read_back::client_config;
use crate::shop::Sent;

/// Waits for the first trace, reads it back and prints it as a tree.
pub(crate) async fn show_first_trace(endpoint: &str, sent: &Sent) -> Result<(), AnyError> {
    const LOOKS: usize = 50;
    let Some((trace, _)) = sent.segments().first().copied() else { return Ok(()) };
    let expected = sent.segments().iter().filter(|(of, _)| *of == trace).count();
    let client = aws_sdk_xray::Client::new(&client_config(endpoint).await);
    for _ in 0..LOOKS {
        let answer = client.batch_get_traces().trace_ids(trace.to_string()).send().await?;
        let segments = answer.traces().iter().flat_map(|trace| trace.segments());
        let documents: Vec<Document> = segments
            .filter_map(|segment| Document::parse(segment.document()?.as_bytes()).ok())
            .filter(|document| !document.inferred)
            .collect();
        if documents.len() >= expected {
            println!("the first trace, {trace}:\n");
            print_tree(&documents);
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("the first trace has not arrived after five seconds");
    Ok(())
}

fn print_tree(documents: &[Document]) {
    let is_root = |document: &&Document| !documents.iter().flat_map(Document::walk).any(|entity| Some(entity.id) == document.parent_id);
    let mut waiting: Vec<(usize, bool, &Document)> = documents.iter().filter(is_root).map(|document| (0, true, document)).collect();
    while let Some((depth, is_segment, entity)) = waiting.pop() {
        println!("  {}", line(depth, is_segment, entity));
        let below = entity
            .subsegments
            .iter()
            .map(|child| (depth + 1, false, child))
            .chain(called_by(documents, entity.id).map(|called| (depth + 1, true, called)));
        let below: Vec<_> = below.collect();
        waiting.extend(below.into_iter().rev());
    }
}

fn called_by(documents: &[Document], id: SegmentId) -> impl Iterator<Item = &Document> {
    documents.iter().filter(move |document| document.parent_id == Some(id))
}

fn line(depth: usize, is_segment: bool, entity: &Document) -> String {
    let millis = entity.end_time.map_or(0.0, |end| (end - entity.start_time) * 1e3);
    let flags = entity.flags();
    let outcome = match (flags.fault, flags.throttle, flags.error) {
        (true, ..) => "  fault",
        (_, true, _) => "  throttle",
        (.., true) => "  error",
        _ => "",
    };
    let http = entity.http.as_ref().map(|http| {
        let method = http.request.method.as_deref().unwrap_or_default();
        let status = http.response.status.map(|status| status.to_string()).unwrap_or_default();
        format!("  {method} {status}")
    });
    let sign = if is_segment { "■" } else { "·" };
    let name = format!("{}{sign} {}{}", "  ".repeat(depth), entity.name, http.unwrap_or_default());
    format!("{name:<48}{millis:>9.1} ms{outcome}")
}

/// A line of rates that renews itself each second.
pub(crate) async fn show_rates(sent: &Sent) {
    let mut before = (0, 0);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = (sent.segments().len(), sent.lines());
        let counters = xray_sdk::counters();
        let lost = counters.dropped_queue_full + counters.dropped_too_large + counters.dropped_io_error;
        print!(
            "\r{:>5} segments/s  {:>5} log lines/s  {:>8} datagrams sent  {lost} lost   ",
            now.0 - before.0,
            now.1 - before.1,
            counters.sent
        );
        if std::io::stdout().flush().is_err() {
            return;
        }
        before = now;
    }
}
