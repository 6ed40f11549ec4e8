//! The time of a line.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

/// Reads the time that a line gives, in milliseconds since the epoch: a field `timestamp`, `time`, `ts` or `@timestamp` of a JSON
/// object, or a time at its beginning.
///
/// A time at the beginning is one of RFC 3339 (a blank may stand for the T, a comma for the point), of an access log of Apache or
/// nginx (`[30/Nov/2026:14:37:30 +0000]` anywhere), or of syslog (`Nov 30 14:37:30`). Those without an offset are taken in `zone`; without
/// one they are no time, since a zone is no guess. Syslog's have no year: it is the one that brings them closest to the end of `range`.
/// Times out of `range` are passed over: a field called `time` may be a duration.
pub(crate) fn of_line(line: &str, zone: Option<&TimeZone>, range: &RangeInclusive<i64>) -> Option<i64> {
    let is_in_range = |time: &i64| range.contains(time);
    if line.starts_with('{') {
        let fields: Value = serde_json::from_str(line).ok()?;
        return ["timestamp", "time", "ts", "@timestamp"].iter().find_map(|key| of_value(fields.get(key)?, zone).filter(is_in_range));
    }
    let begin = line.trim_start_matches(['[', ' ', '"']);
    let begin = begin.get(..begin.floor_char_boundary(64)).unwrap_or_default();
    iso(begin, zone).or_else(|| syslog(begin, zone?, *range.end())).or_else(|| access_log(line)).filter(is_in_range)
}

fn of_value(value: &Value, zone: Option<&TimeZone>) -> Option<i64> {
    match value {
        Value::Number(number) => Some(epoch(number.as_f64()?)),
        Value::String(text) => iso(text, zone).or_else(|| text.parse().ok().map(epoch)),
        _ => None,
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds: told by their size.
fn epoch(number: f64) -> i64 {
    let millis = match number.abs() {
        n if n < 1e11 => number * 1e3,
        n if n < 1e14 => number,
        n if n < 1e17 => number / 1e3,
        _ => number / 1e6,
    };
    millis as i64
}

/// A cursor over a text: each step takes what it names, or gives up.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
    }

    fn one_of(&mut self, characters: &[char]) -> Option<()> {
        self.0 = self.0.strip_prefix(characters)?;
        Some(())
    }

    fn word(&mut self, length: usize) -> Option<&'a str> {
        let (word, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(word)
    }

    fn time(&mut self) -> Option<Time> {
        let hour = self.number(2)?;
        self.one_of(&[':'])?;
        let minute = self.number(2)?;
        self.one_of(&[':'])?;
        // A leap second is the one before: CloudWatch knows none.
        let second = self.number(2)?.min(59);
        Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, self.fraction()).ok()
    }

    /// Nanoseconds behind a point or a comma; none if there is none.
    fn fraction(&mut self) -> i32 {
        let Some(rest) = self.0.strip_prefix(['.', ',']) else { return 0 };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, after) = rest.split_at(digits);
        if digits > 0 {
            self.0 = after;
        }
        format!("{fraction:0<9}").get(..9).and_then(|nanos| nanos.parse().ok()).unwrap_or_default()
    }

    /// `Z`, `+01:00`, `+0100` or `+01`, perhaps behind a blank.
    fn offset(&mut self) -> Option<Offset> {
        let mut ahead = Reader(self.0.strip_prefix(' ').unwrap_or(self.0));
        if let Some(rest) = ahead.0.strip_prefix(['Z', 'z']) {
            self.0 = rest;
            return Some(Offset::UTC);
        }
        let sign = if ahead.0.starts_with('-') { -1 } else { 1 };
        ahead.one_of(&['+', '-'])?;
        let hours = ahead.number(2)?;
        ahead.0 = ahead.0.strip_prefix(':').unwrap_or(ahead.0);
        let minutes = Reader(ahead.0).number(2).unwrap_or(0);
        let offset = Offset::from_seconds(i32::try_from(sign * (hours * 3_600 + minutes * 60)).ok()?).ok()?;
        self.0 = ahead.0;
        Some(offset)
    }
}

fn millis(time: DateTime, zone: &TimeZone) -> Option<i64> {
    Some(zone.to_timestamp(time).ok()?.as_millisecond())
}

/// `2026-11-23T06:10:37.123Z`, also with a blank or `_` for the T, a comma for the point, and without an offset in `zone`.
fn iso(text: &str, zone: Option<&TimeZone>) -> Option<i64> {
    let mut reader = Reader(text);
    let year = reader.number(4)?;
    reader.one_of(&['-', '/'])?;
    let month = reader.number(2)?;
    reader.one_of(&['-', '/'])?;
    let day = reader.number(2)?;
    reader.one_of(&['T', 't', '_', ' '])?;
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let time = date.to_datetime(reader.time()?);
    match reader.offset() {
        Some(offset) => millis(time, &offset.to_time_zone()),
        None => millis(time, zone?),
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn month(name: &str) -> Option<i8> {
    MONTHS.iter().position(|month| *month == name).and_then(|at| i8::try_from(at + 1).ok())
}

/// `[30/Nov/2026:14:37:30 +0000]`, as in the common log format.
fn access_log(line: &str) -> Option<i64> {
    let begin = line.get(..line.floor_char_boundary(512))?;
    begin.match_indices('[').find_map(|(at, _)| {
        let mut reader = Reader(begin.get(at + 1..)?);
        let day = reader.number(2)?;
        reader.one_of(&['/'])?;
        let month = month(reader.word(3)?)?;
        reader.one_of(&['/'])?;
        let year = reader.number(4)?;
        reader.one_of(&[':'])?;
        let time = Date::new(year.try_into().ok()?, month, day.try_into().ok()?).ok()?.to_datetime(reader.time()?);
        millis(time, &reader.offset()?.to_time_zone())
    })
}

/// `Nov 30 14:37:30` or `<34>Nov  3 14:37:30`, of the year that ends up at or before `latest`.
fn syslog(text: &str, zone: &TimeZone, latest: i64) -> Option<i64> {
    let text = text.strip_prefix('<').and_then(|rest| rest.split_once('>')).map_or(text, |(_, rest)| rest);
    let mut reader = Reader(text);
    let month = month(reader.word(3)?)?;
    reader.one_of(&[' '])?;
    let day = if reader.one_of(&[' ']).is_some() { reader.number(1)? } else { reader.number(2)? };
    reader.one_of(&[' '])?;
    let time = reader.time()?;
    let year = zone.to_datetime(jiff::Timestamp::from_millisecond(latest).ok()?).year();
    [year, year - 1].iter().find_map(|year| {
        let date = Date::new(*year, month, day.try_into().ok()?).ok()?;
        millis(date.to_datetime(time), zone).filter(|time| *time <= latest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The time of all lines here, 2026-11-30T14:37:30Z, in milliseconds since the epoch.
    const TIME: i64 = 1_796_049_450_000;

    fn read(line: &str, zone: Option<&TimeZone>) -> Option<i64> {
        of_line(line, zone, &(TIME - 14 * 86_400_000..=TIME + 7_200_000))
    }

    #[test]
    fn times_with_an_offset_are_found_in_json_and_in_lines() {
        for line in [
            r#"{"timestamp":"2026-11-30T14:37:30Z","m":1}"#,
            r#"{"timestamp":"2026-11-30 14:37:30+00:00"}"#,
            r#"{"ts":1796049450}"#,
            r#"{"time":1796049450000}"#,
            r#"{"time":12.5,"ts":1796049450}"#,
            "2026-11-30T15:37:30+01:00 INFO x",
            "2026-11-30 14:37:30+00:00 x",
            "2026-11-30 14:37:30Z x",
            "2026-11-30 09:37:30 -0500 x",
            "[2026-11-30T14:37:30.000000Z] x",
            "2026/11/30 14:37:30.000 +00:00",
            r#"10.0.0.1 - - [30/Nov/2026:14:37:30 +0000] "GET / HTTP/1.1" 200 12"#,
        ] {
            assert_eq!(read(line, None), Some(TIME), "{line}");
        }
        assert_eq!(read("2026-11-30T14:37:30.5Z", None), Some(TIME + 500));
        assert_eq!(read("2026-11-30 14:37:30,123456 +00", None), Some(TIME + 123));
    }

    #[test]
    fn times_without_an_offset_need_a_zone() {
        let (utc, berlin) = (TimeZone::UTC, TimeZone::fixed(Offset::from_hours(1).unwrap()));
        for (line, here) in [
            ("2026-11-30 14:37:30,000 INFO x", 14),
            ("2026-11-30T14:37:30 x", 14),
            (r#"{"time":"2026-11-30T14:37:30.000"}"#, 14),
            ("Nov 30 14:37:30 host app: x", 14),
            ("<34>Nov 30 14:37:30 host app: x", 14),
        ] {
            assert_eq!((read(line, None), read(line, Some(&utc))), (None, Some(TIME)), "{line}");
            assert_eq!(read(line, Some(&berlin)), Some(TIME - 3_600_000), "{line} {here}");
        }
        let new_year = 1_798_761_600_000;
        assert_eq!(of_line("Dec 31 23:59:59 x", Some(&utc), &(0..=new_year)), Some(new_year - 1_000), "of the year before");
    }

    #[test]
    fn what_is_no_time_or_out_of_range_is_none() {
        for line in
            ["2026-13-30T14:37:30Z", "hello", "{broken", r#"{"time":12.5}"#, "2020-11-30T14:37:30Z", "2026-12-30T14:37:30Z", "", "[", "Nov"]
        {
            assert_eq!(read(line, Some(&TimeZone::UTC)), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in ".*", time in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}.{0,8}", other in "(<9>)?(Nov|\\[3./Nov/).{0,30}") {
            let range = 0..=i64::MAX;
            for text in [&line, &time, &other] {
                std::hint::black_box(of_line(text, Some(&TimeZone::UTC), &range));
            }
        }
    }
}
