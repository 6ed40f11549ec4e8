//! The time of a line.

use serde_json::Value;

/// Reads the time that a line gives: the field `timestamp`, `time`, `ts` or `@timestamp` of a JSON object, or an RFC 3339 time
/// at its beginning. Milliseconds since the epoch.
pub(crate) fn of_line(line: &str) -> Option<i64> {
    if line.starts_with('{') {
        let fields: Value = serde_json::from_str(line).ok()?;
        return ["timestamp", "time", "ts", "@timestamp"].iter().find_map(|key| of_value(fields.get(key)?));
    }
    rfc3339(line.get(..line.len().min(40))?.split([' ', ',', ']']).next()?.trim_start_matches('['))
}

fn of_value(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => Some(epoch(number.as_f64()?)),
        Value::String(text) => rfc3339(text).or_else(|| text.parse().ok().map(epoch)),
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

/// `2026-11-23T06:10:37.123Z`, also with a blank for the T and with an offset. Nothing without an offset: a zone is no guess.
fn rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let is_shaped = bytes.len() >= 20
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b'_')
        && bytes[13] == b':'
        && bytes[16] == b':';
    if !is_shaped {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let rest = text.get(19..)?;
    let digits = rest.strip_prefix('.').map_or(0, |fraction| fraction.bytes().take_while(u8::is_ascii_digit).count());
    let fraction =
        rest.get(1..=digits).filter(|_| digits > 0).map_or(Some(0), |fraction| format!("{fraction:0<3}").get(..3)?.parse().ok())?;
    let zone = rest.get(if digits > 0 { digits + 1 } else { 0 }..)?;
    let offset = match zone {
        "Z" | "z" => 0,
        zone if zone.len() == 6 && zone.is_char_boundary(1) => {
            let minutes = zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
        _ => return None,
    };
    let is_time = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset * 60;
    is_time.then_some(seconds * 1_000 + fraction)
}

/// Days since 1970-01-01 in the Gregorian calendar.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_found_in_json_and_at_the_beginning() {
        for (line, expected) in [
            (r#"{"timestamp":"2026-11-23T06:10:37.5Z","m":1}"#, Some(1_795_414_237_500)),
            (r#"{"ts":1795414237}"#, Some(1_795_414_237_000)),
            (r#"{"time":1795414237123}"#, Some(1_795_414_237_123)),
            ("2026-11-23T07:30:37+01:00 INFO x", Some(1_795_415_437_000)),
            ("[2026-11-23T07:30:37.123456Z] x", Some(1_795_419_037_123)),
            ("2026-11-23T07:30:37 no zone", None),
            ("2026-13-23T07:30:37Z", None),
            ("hello", None),
            ("{broken", None),
        ] {
            assert_eq!(of_line(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in ".*", time in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}.{0,8}") {
            std::hint::black_box((of_line(&line), of_line(&time)));
        }
    }
}
