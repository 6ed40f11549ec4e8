//! From events of a span to exceptions, with the frames that their stack traces name. The way back is in `span.rs`.

use super::codes::{ERROR, segment_id};
use super::known::Known;
use super::message::{Span, SpanEvent};
use crate::document::{Exception, StackFrame};
use crate::id::SegmentId;

/// Frames of an exception that are kept.
const FRAMES: usize = 50;

/// Recorded exceptions; for a span in error without any, its description.
pub(super) fn exceptions(span: &Span, is_remote: bool, known: &Known<'_>) -> Vec<Exception> {
    let base = segment_id(&span.span_id).map_or(0, SegmentId::as_u64);
    let id = |number: usize| SegmentId::from_u64(base.rotate_left(17) ^ (number as u64 + 1));
    let recorded = span.events.iter().filter(|event| event.name == "exception").enumerate();
    let mut exceptions: Vec<Exception> = recorded.map(|(number, event)| exception(event, id(number), is_remote)).collect();
    let description = span.status.as_ref().filter(|status| status.code == ERROR && !status.message.is_empty());
    if let (true, Some(status)) = (exceptions.is_empty(), description) {
        let mut exception = Exception::new(id(0));
        exception.kind = known.peek(&["error.type"]).map(str::to_owned);
        exception.message = Some(status.message.clone());
        exception.remote = is_remote;
        exceptions.push(exception);
    }
    exceptions
}

fn exception(event: &SpanEvent, id: SegmentId, is_remote: bool) -> Exception {
    let known = Known::new(&event.attributes);
    let own_id = known.text(&["aws.xray.exception.id"]).and_then(|id| SegmentId::parse(id).ok());
    let (stack, left_out) = known.text(&["exception.stacktrace"]).map(frames).unwrap_or_default();
    Exception {
        id: own_id.unwrap_or(id),
        message: known.owned(&["exception.message"]),
        kind: known.owned(&["exception.type"]),
        remote: known.flag(&["aws.xray.exception.remote"]) || own_id.is_none() && is_remote,
        truncated: known.number(&["aws.xray.exception.truncated"]).or((left_out > 0).then_some(left_out)),
        skipped: known.number(&["aws.xray.exception.skipped"]),
        cause: known.text(&["aws.xray.exception.cause"]).and_then(|id| SegmentId::parse(id).ok()),
        stack,
    }
}

/// The frames that a stack trace names, the innermost first, and how many more there are. Understands how Java, JavaScript, .NET and Python
/// write them, and how `span.rs` does.
fn frames(text: &str) -> (Vec<StackFrame>, u32) {
    let mut frames: Vec<StackFrame> = text.lines().filter_map(|line| frame(line.trim())).collect();
    let is_innermost_last = text.lines().any(|line| line.trim_start().starts_with("File \""));
    if is_innermost_last {
        frames.reverse();
    }
    let left_out = frames.len().saturating_sub(FRAMES) as u32;
    frames.truncate(FRAMES);
    (frames, left_out)
}

fn frame(line: &str) -> Option<StackFrame> {
    if let Some(rest) = line.strip_prefix("File \"") {
        let (path, rest) = rest.split_once("\", line ")?;
        let (number, label) = rest.split_once(", in ").unwrap_or((rest, ""));
        return Some(new(path, number.parse().ok(), label));
    }
    let rest = line.strip_prefix("at ")?;
    if let Some((label, place)) = rest.rsplit_once(" in ")
        && let Some((path, number)) = place.rsplit_once(":line ")
    {
        return Some(new(path, number.parse().ok(), label));
    }
    let (label, place) = rest.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')).unwrap_or(("", rest));
    let (path, number) = place_of(place);
    Some(new(path, number, label.trim_end()))
}

/// `path`, `path:line` or `path:line:column`.
fn place_of(place: &str) -> (&str, Option<u32>) {
    let numbered = |text| -> Option<(&str, u32)> {
        let (path, number): (&str, &str) = str::rsplit_once(text, ':')?;
        Some((path, number.trim().parse().ok()?))
    };
    let Some((path, last)) = numbered(place) else { return (place, None) };
    let (path, line) = numbered(path).unwrap_or((path, last));
    (path, Some(line))
}

fn new(path: &str, line: Option<u32>, label: &str) -> StackFrame {
    let owned = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    StackFrame { path: owned(path), line, label: owned(label) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let of = |frame: StackFrame| {
            format!("{} {} {}", frame.label.unwrap_or_default(), frame.path.unwrap_or_default(), frame.line.unwrap_or_default())
        };
        frames(text).0.into_iter().map(of).collect()
    }

    #[test]
    fn each_language_names_its_frames() {
        assert_eq!(
            shown("E: x\n\tat shop.Cart.pay(Cart.java:12)\n\tat A.b(Native Method)"),
            ["shop.Cart.pay Cart.java 12", "A.b Native Method 0"]
        );
        assert_eq!(shown("Error: x\n    at pay (/app/cart.js:10:5)\n    at /app/a.js:1:2"), ["pay /app/cart.js 10", " /app/a.js 1"]);
        assert_eq!(shown("E\n   at Shop.Cart.Pay(Int32 n) in /src/Cart.cs:line 42"), ["Shop.Cart.Pay(Int32 n) /src/Cart.cs 42"]);
        let python =
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in main\n    pay()\n  File \"b.py\", line 7, in pay\nE: x";
        assert_eq!(shown(python), ["pay b.py 7", "main a.py 3"]);
        assert_eq!(frames(&"\tat a(b:1)\n".repeat(60)).1, 10);
    }
}
