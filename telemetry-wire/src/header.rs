//! The trace header: tolerant in, strict out.
//!
//! `X-Amzn-Trace-Id` is `key=value` pairs between semicolons. Readers here take any order, any case of keys, blanks around
//! pairs, empty pairs, pairs without `=` (ignored) and repeated keys (the last that is valid wins), since two official SDKs write
//! forms that a third throws away. An id of zeros is no id: X-Ray refuses it. Writers give `Root`, `Parent`, `Sampled`, then what came along.

use std::fmt;

use crate::id::{SegmentId, TraceId, ascii};

/// Bytes of extra pairs that are passed on; the cap of the X-Ray SDK for Node and of OpenTelemetry's propagator.
const EXTRAS_LIMIT: usize = 256;

/// What the header says about sampling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SamplingState {
    /// `Sampled=1`.
    Sampled,
    /// `Sampled=0`.
    NotSampled,
    /// `Sampled=?`: decide, and tell in the response.
    Requested,
    /// Nothing: decide.
    #[default]
    Unknown,
}

/// An `X-Amzn-Trace-Id` header, borrowed from its text.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceHeader<'a> {
    /// The trace, if there was a valid id.
    pub root: Option<TraceId>,
    /// The caller's segment or subsegment; a load balancer sends none.
    pub parent: Option<SegmentId>,
    /// The caller's decision.
    pub sampling: SamplingState,
    /// Where the extra pairs are; empty when there are none, which is the rule.
    extras: &'a str,
    text: &'a str,
}

impl<'a> TraceHeader<'a> {
    /// A header of our own.
    #[must_use]
    pub const fn new(root: TraceId, parent: Option<SegmentId>, sampling: SamplingState) -> Self {
        Self { root: Some(root), parent, sampling, extras: "", text: "" }
    }

    /// Reads a header; what cannot be understood is as if it were not there. Never fails, never allocates.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut header = Self { text, ..Self::default() };
        for (key, value) in pairs(text) {
            match Key::of(key) {
                Key::Root => header.root = TraceId::from_bytes(value.as_bytes()).filter(|id| id.as_u128() != 0).or(header.root),
                Key::Parent => header.parent = SegmentId::from_bytes(value.as_bytes()).filter(|id| id.as_u64() != 0).or(header.parent),
                Key::Sampled => header.sampling = sampling_state(value),
                Key::Extra => header.extras = text,
                Key::Hop => {}
            }
        }
        header
    }

    /// Takes the extra pairs of another header's text, as [`Self::extras`] reads them.
    #[must_use]
    pub const fn with_extras_of(mut self, text: &'a str) -> Self {
        self.extras = text;
        self
    }

    /// Whether there may be [`Self::extras`].
    #[must_use]
    pub const fn has_extras(&self) -> bool {
        !self.extras.is_empty()
    }

    /// The pairs to be passed on untouched: `Lineage` first, then all unknown keys that fit 256 bytes, but not `Self`, which names
    /// one hop only.
    pub fn extras(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let text = self.extras;
        let mut room = EXTRAS_LIMIT;
        let is_lineage = |key: &str| key.eq_ignore_ascii_case("lineage");
        let clean = move || pairs(text).filter(|(key, value)| Key::of(key) == Key::Extra && is_clean(key) && is_clean(value));
        let lineage_first = clean().filter(move |(key, _)| is_lineage(key)).take(1).chain(clean().filter(move |(key, _)| !is_lineage(key)));
        lineage_first.filter(move |(key, value)| {
            let needs = key.len() + value.len() + 2;
            let fits = needs <= room;
            room -= if fits { needs } else { 0 };
            fits
        })
    }

    /// Lambda's record of hops, `hash:counter` items joined by `|`.
    #[must_use]
    pub fn lineage(&self) -> Option<&'a str> {
        self.extras().find(|(key, _)| key.eq_ignore_ascii_case("lineage")).map(|(_, value)| value)
    }

    /// The load balancer's id of this hop.
    #[must_use]
    pub fn self_id(&self) -> Option<&'a str> {
        pairs(self.text).filter(|(key, _)| key.eq_ignore_ascii_case("self")).last().map(|(_, value)| value)
    }

    /// The strict text form, without a `Root` when there is none.
    #[must_use]
    pub const fn text(&self) -> TraceHeaderText<'a> {
        TraceHeaderText(*self)
    }
}

/// Displays a [`TraceHeader`]: Root, Parent, Sampled, extras, no blanks, no trailing semicolon.
#[derive(Clone, Copy, Debug)]
pub struct TraceHeaderText<'a>(TraceHeader<'a>);

impl TraceHeaderText<'_> {
    /// Appends the text; the formatting machinery would take longer than the rest of a call's preparation.
    pub fn write(&self, out: &mut String) {
        let begin = out.len();
        let mut pair = |key: &str, value: &str| {
            if out.len() > begin {
                out.push(';');
            }
            out.push_str(key);
            out.push('=');
            out.push_str(value);
        };
        if let Some(root) = self.0.root {
            pair("Root", ascii(&root.to_bytes()));
        }
        if let Some(parent) = self.0.parent {
            pair("Parent", ascii(&parent.to_bytes()));
        }
        match self.0.sampling {
            SamplingState::Sampled => pair("Sampled", "1"),
            SamplingState::NotSampled => pair("Sampled", "0"),
            SamplingState::Requested => pair("Sampled", "?"),
            SamplingState::Unknown => {}
        }
        if self.0.has_extras() {
            self.0.extras().for_each(|(key, value)| pair(key, value));
        }
    }
}

impl fmt::Display for TraceHeaderText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(80);
        self.write(&mut text);
        f.write_str(&text)
    }
}

#[derive(PartialEq, Eq)]
enum Key {
    Root,
    Parent,
    Sampled,
    Hop,
    Extra,
}

impl Key {
    fn of(text: &str) -> Self {
        match text.len() {
            4 if text.eq_ignore_ascii_case("root") => Self::Root,
            6 if text.eq_ignore_ascii_case("parent") => Self::Parent,
            7 if text.eq_ignore_ascii_case("sampled") => Self::Sampled,
            4 if text.eq_ignore_ascii_case("self") => Self::Hop,
            _ => Self::Extra,
        }
    }
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .filter(|(key, _)| !key.is_empty())
}

fn sampling_state(value: &str) -> SamplingState {
    match value {
        "1" => SamplingState::Sampled,
        "0" => SamplingState::NotSampled,
        "?" => SamplingState::Requested,
        _ => SamplingState::Unknown,
    }
}

/// Whether `text` may stand in a header of ours: visible ASCII.
fn is_clean(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A W3C `traceparent`, version 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent {
    /// The trace.
    pub trace_id: TraceId,
    /// The caller's span.
    pub parent_id: SegmentId,
    /// Bit 0 of the flags.
    pub sampled: bool,
}

impl Traceparent {
    /// Characters of the header, as it is written.
    pub const LENGTH: usize = 55;

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`; later versions are read by their first four fields, as the standard asks.
    /// `None` when malformed, all zeros, or of the forbidden version `ff`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.trim().split('-');
        let (version, trace, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let known = version.len() == 2 && version != "ff" && (version != "00" || fields.next().is_none());
        if !known || trace.len() != 32 || flags.len() != 2 {
            return None;
        }
        let parent_id = SegmentId::parse(parent).ok().filter(|id| id.as_u64() != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        u8::from_str_radix(version, 16).ok()?;
        Some(Self { trace_id: TraceId::parse(trace).ok()?, parent_id, sampled: flags & 1 == 1 })
    }

    /// The same facts as a [`TraceHeader`].
    #[must_use]
    pub const fn to_trace_header(self) -> TraceHeader<'static> {
        let sampling = if self.sampled { SamplingState::Sampled } else { SamplingState::NotSampled };
        TraceHeader::new(self.trace_id, Some(self.parent_id), sampling)
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-0{}", self.trace_id.to_w3c(), self.parent_id, u8::from(self.sampled))
    }
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
