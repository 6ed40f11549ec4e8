//! StatsD lines: `name:value|type`, with `@rate`, and the `#key:value` tags and `T` timestamps of `DogStatsD`.
//!
//! Several values may be packed as `name:1:2:3|ms`. Field order after the type is free. Tags may stand in the name as Influx
//! (`name,key=value`), Librato (`name#key=value`) and SignalFx (`name[key=value]`) write them. DogStatsD's fields of the container
//! (`c:`), of external data (`e:`) and of the cardinality (`card:`) say nothing of the metric and are passed over; every other field
//! is refused.

use std::fmt;

/// One metric of one line, borrowed from the datagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// What to do with the values.
    pub kind: Kind,
    /// The share of events that were sent, above 0 and at most 1; 1 when not given.
    pub rate: f64,
    /// Seconds since the epoch that DogStatsD gives counters and gauges which the sender has aggregated.
    pub timestamp: Option<u64>,
    values: &'a str,
    tags: &'a str,
    /// Tags that stand in the name.
    name_tags: &'a str,
}

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `c`: summed over the interval.
    Counter,
    /// `g`: the last value stays.
    Gauge,
    /// `ms`: a distribution in milliseconds.
    Timer,
    /// `h` and `d`: a distribution without a unit.
    Distribution,
    /// `s`: distinct values are counted.
    Set,
}

/// A value as the line gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Number(f64),
    /// A gauge's change, written with a sign.
    Change(f64),
    /// A member of a set.
    Member(&'a str),
}

/// Error of a line that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineError {
    /// No name before the colon, or no colon.
    NoName,
    /// No `|type`.
    NoType,
    /// A type that is none of `c g ms h d s`; events and service checks too.
    UnknownType,
    /// A value that is no finite number.
    BadValue,
    /// A rate that is not above 0 and at most 1.
    BadRate,
    /// Tags in the name that are none of Influx's, Librato's and SignalFx's.
    BadTags,
    /// A timestamp that is no number of seconds, or of a type that has none.
    BadTimestamp,
    /// A field that is none of `@ # T c: e: card:`.
    UnknownField,
    /// Not UTF-8.
    NotUtf8,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoName => "no name before a colon",
            Self::NoType => "no |type",
            Self::UnknownType => "type is none of c, g, ms, h, d, s",
            Self::BadValue => "value is no finite number",
            Self::BadRate => "rate is not above 0 and at most 1",
            Self::BadTags => "tags in the name are none of Influx's, Librato's or SignalFx's",
            Self::BadTimestamp => "timestamp is no number of seconds, or the type is neither c nor g",
            Self::UnknownField => "a field is none of @rate, #tags, Ttimestamp, c:, e:, card:",
            Self::NotUtf8 => "not UTF-8",
        })
    }
}

impl std::error::Error for LineError {}

/// Reads every line of a datagram; a bad line does not touch its neighbours.
pub fn parse_datagram(datagram: &[u8]) -> impl Iterator<Item = Result<Line<'_>, LineError>> {
    datagram
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(|line| std::str::from_utf8(line).map_err(|_| LineError::NotUtf8).and_then(Line::parse))
}

impl<'a> Line<'a> {
    /// Reads one line.
    ///
    /// # Errors
    /// When any part of it is malformed; then nothing of it counts.
    pub fn parse(line: &'a str) -> Result<Self, LineError> {
        let mut fields = line.split('|');
        let (name, values) = fields.next().and_then(|field| field.split_once(':')).ok_or(LineError::NoName)?;
        if name.trim().is_empty() {
            return Err(LineError::NoName);
        }
        let kind = Kind::parse(fields.next().ok_or(LineError::NoType)?)?;
        let (name, name_tags) = tags_in(name.trim())?;
        let mut parsed = Self { name, kind, rate: 1.0, timestamp: None, values, tags: "", name_tags };
        for field in fields {
            if let Some(rate) = field.strip_prefix('@') {
                parsed.rate = rate.parse().ok().filter(|&rate| rate > 0.0 && rate <= 1.0).ok_or(LineError::BadRate)?;
            } else if let Some(tags) = field.strip_prefix('#') {
                parsed.tags = tags;
            } else if let Some(seconds) = field.strip_prefix('T') {
                let has_one = matches!(kind, Kind::Counter | Kind::Gauge);
                parsed.timestamp = Some(seconds.parse().ok().filter(|_| has_one).ok_or(LineError::BadTimestamp)?);
            } else if !["c:", "e:", "card:"].iter().any(|known| field.starts_with(known)) {
                return Err(LineError::UnknownField);
            }
        }
        parsed.values_as_written().try_for_each(|value| value.map(drop))?;
        Ok(parsed)
    }

    /// The values, at least one.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        self.values_as_written().filter_map(Result::ok)
    }

    /// The tags as key and value, those in the name first; a tag without a value has an empty one.
    pub fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let pairs = |tags: &'a str, separator| {
            let tags = tags.split(',').filter(|tag| !tag.is_empty());
            tags.map(move |tag| tag.split_once(separator).unwrap_or((tag, "")))
        };
        pairs(self.name_tags, '=').chain(pairs(self.tags, ':'))
    }

    fn values_as_written(&self) -> impl Iterator<Item = Result<Value<'a>, LineError>> + use<'a> {
        let kind = self.kind;
        let separator = if kind == Kind::Set { '\u{0}' } else { ':' };
        self.values.split(separator).map(move |text| Value::parse(kind, text))
    }
}

/// A name, and the tags that stand in it.
fn tags_in(name: &str) -> Result<(&str, &str), LineError> {
    let (name, tags) = match name.split_once([',', '#', '[']) {
        None => (name, ""),
        Some((before, tags)) => match name.get(before.len()..) {
            Some(rest) if rest.starts_with('[') => (before, tags.strip_suffix(']').ok_or(LineError::BadTags)?),
            _ => (before, tags),
        },
    };
    let is_tag = |tag: &str| tag.split_once('=').is_some_and(|(key, value)| !key.is_empty() && !value.contains(['=', '[', ']', '#']));
    let are_tags = tags.is_empty() || tags.split(',').all(is_tag);
    if !are_tags || name.contains([']', '=']) {
        return Err(LineError::BadTags);
    }
    if name.is_empty() { Err(LineError::NoName) } else { Ok((name, tags)) }
}

impl Kind {
    fn parse(text: &str) -> Result<Self, LineError> {
        match text {
            "c" => Ok(Self::Counter),
            "g" => Ok(Self::Gauge),
            "ms" => Ok(Self::Timer),
            "h" | "d" => Ok(Self::Distribution),
            "s" => Ok(Self::Set),
            _ => Err(LineError::UnknownType),
        }
    }
}

impl<'a> Value<'a> {
    fn parse(kind: Kind, text: &'a str) -> Result<Self, LineError> {
        if kind == Kind::Set {
            return Ok(Self::Member(text));
        }
        let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or(LineError::BadValue)?;
        let is_change = kind == Kind::Gauge && text.starts_with(['+', '-']);
        Ok(if is_change { Self::Change(number) } else { Self::Number(number) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(line: &str) -> Vec<Value<'_>> {
        Line::parse(line).unwrap().values().collect()
    }

    #[test]
    fn each_type_is_read() {
        assert_eq!(values("orders:3|c|@0.5"), [Value::Number(3.0)]);
        assert_eq!(Line::parse("orders:3|c|@0.5").unwrap().rate, 0.5);
        assert_eq!(values("queue:-4|g"), [Value::Change(-4.0)]);
        assert_eq!(values("queue:7|g"), [Value::Number(7.0)]);
        assert_eq!(values("latency:1:2.5:3|ms"), [Value::Number(1.0), Value::Number(2.5), Value::Number(3.0)]);
        assert_eq!(values("users:a:b|s"), [Value::Member("a:b")]);
    }

    #[test]
    fn tags_are_pairs() {
        let line = Line::parse("orders:1|c|#tenant:t1,canary,url:http://x|T1656581400").unwrap();
        assert_eq!(line.tags().collect::<Vec<_>>(), [("tenant", "t1"), ("canary", ""), ("url", "http://x")]);
    }

    #[test]
    fn tags_in_names_are_read_as_each_dialect_writes_them() {
        for name in ["orders,tenant=t1,stage=a", "orders#tenant=t1,stage=a", "orders[tenant=t1,stage=a]"] {
            let text = format!("{name}:1|c|#more:x");
            let line = Line::parse(&text).unwrap();
            let tags = line.tags().collect::<Vec<_>>();
            assert_eq!((line.name, &*tags), ("orders", &[("tenant", "t1"), ("stage", "a"), ("more", "x")][..]), "{name}");
        }
        for name in ["orders,tenant", "orders[tenant=t1", "orders#", "orders,a=b=c", "a=b", "orders]"] {
            let expected = if name == "orders#" { Ok(()) } else { Err(LineError::BadTags) };
            assert_eq!(Line::parse(&format!("{name}:1|c")).map(drop), expected, "{name}");
        }
    }

    #[test]
    fn fields_are_honoured_or_refused_by_name() {
        assert_eq!(Line::parse("orders:1|c|T1656581400|c:abc|e:x|card:low").unwrap().timestamp, Some(1_656_581_400));
        assert_eq!(Line::parse("t:1|ms|T1656581400"), Err(LineError::BadTimestamp));
        assert_eq!(Line::parse("c:1|c|Tomorrow"), Err(LineError::BadTimestamp));
        assert_eq!(Line::parse("c:1|c|x"), Err(LineError::UnknownField));
    }

    #[test]
    fn garbage_leaves_its_neighbours_alone() {
        let read: Vec<_> = parse_datagram(b"a:1|c\ngarbage\n\nb:x|c\n:1|c\nc:1|q\nd:1|c|@2\n\xff:1|c\nz:inf|g\ne:2|ms\n").collect();
        let errors: Vec<_> = read.iter().filter_map(|line| line.as_ref().err()).collect();
        use LineError::*;
        assert_eq!(errors, [&NoName, &BadValue, &NoName, &UnknownType, &BadRate, &NotUtf8, &BadValue]);
        assert_eq!(read.iter().flatten().map(|line| line.name).collect::<Vec<_>>(), ["a", "e"]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in ".*") {
            for line in parse_datagram(&bytes).flatten().chain(Line::parse(&text)) {
                prop_assert!(line.values().count() > 0);
                std::hint::black_box(line.tags().count());
            }
        }
    }
}
