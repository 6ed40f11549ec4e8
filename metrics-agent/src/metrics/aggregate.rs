//! [`Aggregator`]: an interval's worth of StatsD, as numbers.

use std::collections::{BTreeMap, HashMap, HashSet};

use telemetry_wire::statsd::{Kind, Line, Value};

use super::datum::{Datum, Unit, Values};

/// Values per datum that PutMetricData takes.
const VALUES: usize = 150;
/// Dimensions per datum that PutMetricData takes.
const DIMENSIONS: usize = 30;
/// Characters of a metric's or dimension's name.
const NAME_CHARS: usize = 255;
/// Characters of a dimension's value.
const VALUE_CHARS: usize = 1_024;
/// Distinct values kept before they are joined; then about as many buckets of equal ratio.
const EXACT: usize = 1_000;
/// Intervals without a value after which a gauge is forgotten, so that gauges of hosts long gone do not use up the series.
const GAUGE_INTERVALS: u32 = 60;
/// Members of a set that are told apart.
const MEMBERS: usize = 100_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Series {
    name: String,
    kind: Kind,
    dimensions: Vec<(String, String)>,
}

#[derive(Debug)]
enum State {
    Counter(f64),
    Gauge { value: f64, was_set: bool, idle: u32 },
    Distribution(BTreeMap<u64, f64>),
    Set(HashSet<String>),
}

/// Collects lines until the interval ends. Gauges stay over intervals, but only those set in one are reported.
#[derive(Debug)]
pub(crate) struct Aggregator {
    series: HashMap<Series, State>,
    dimensions: Vec<(String, String)>,
    max_series: usize,
    refused: u64,
}

impl Aggregator {
    pub(crate) fn new(dimensions: impl IntoIterator<Item = (String, String)>, max_series: usize) -> Self {
        Self { series: HashMap::new(), dimensions: dimensions.into_iter().collect(), max_series, refused: 0 }
    }

    /// Changes what lines that come later get; what has been counted stays.
    pub(crate) fn configure(&mut self, dimensions: impl IntoIterator<Item = (String, String)>, max_series: usize) {
        self.dimensions = dimensions.into_iter().collect();
        self.max_series = max_series;
    }

    /// Counts a line in.
    pub(crate) fn add(&mut self, line: &Line<'_>) {
        let series = Series { name: cut(line.name, NAME_CHARS), kind: line.kind, dimensions: self.dimensions_of(line) };
        if self.series.len() >= self.max_series && !self.series.contains_key(&series) {
            self.refused += 1;
            return;
        }
        let state = self.series.entry(series).or_insert_with(|| State::new(line.kind));
        line.values().for_each(|value| state.add(value, line.rate));
    }

    /// Lines that would have made one series too many, since the last call.
    pub(crate) fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    /// Ends the interval that began at `timestamp`.
    pub(crate) fn flush(&mut self, timestamp: f64) -> Vec<Datum> {
        let mut data = Vec::new();
        self.series.retain(|series, state| {
            if let Some(values) = state.take() {
                let unit = series.kind.unit();
                data.push(Datum { name: series.name.clone(), dimensions: series.dimensions.clone(), timestamp, unit, values });
            }
            matches!(state, State::Gauge { idle, .. } if *idle < GAUGE_INTERVALS)
        });
        data
    }

    /// A tag without a value gets `true`: CloudWatch refuses blank values.
    fn dimensions_of(&self, line: &Line<'_>) -> Vec<(String, String)> {
        let tags = line.tags().filter(|(name, _)| is_dimension_name(name));
        let tags =
            tags.map(|(name, value)| (cut(name, NAME_CHARS), cut(if value.trim().is_empty() { "true" } else { value }, VALUE_CHARS)));
        let mut dimensions: Vec<_> = self.dimensions.iter().cloned().chain(tags).collect();
        dimensions.sort();
        dimensions.dedup_by(|a, b| a.0 == b.0);
        dimensions.truncate(DIMENSIONS);
        dimensions
    }
}

/// PutMetricData takes ASCII that does not begin with a colon.
fn is_dimension_name(name: &str) -> bool {
    !name.trim().is_empty() && !name.starts_with(':') && name.is_ascii()
}

/// Keeps the ASCII of `text`, at most `chars` of it.
fn cut(text: &str, chars: usize) -> String {
    text.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '_' }).take(chars).collect()
}

trait UnitOf {
    fn unit(self) -> Unit;
}

impl UnitOf for Kind {
    fn unit(self) -> Unit {
        match self {
            Self::Counter | Self::Set => Unit::Count,
            Self::Timer => Unit::Milliseconds,
            Self::Gauge | Self::Distribution => Unit::None,
        }
    }
}

impl State {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counter(0.0),
            Kind::Gauge => Self::Gauge { value: 0.0, was_set: false, idle: 0 },
            Kind::Timer | Kind::Distribution => Self::Distribution(BTreeMap::new()),
            Kind::Set => Self::Set(HashSet::new()),
        }
    }

    /// A line that was sampled with a rate of 0.1 stands for ten.
    fn add(&mut self, value: Value<'_>, rate: f64) {
        match (self, value) {
            (Self::Counter(sum), Value::Number(number) | Value::Change(number)) => *sum += number / rate,
            (Self::Gauge { value, was_set, .. }, Value::Number(number)) => (*value, *was_set) = (number, true),
            (Self::Gauge { value, was_set, .. }, Value::Change(change)) => (*value, *was_set) = (*value + change, true),
            (Self::Distribution(counts), Value::Number(number) | Value::Change(number)) => {
                *counts.entry(ordered(number)).or_default() += 1.0 / rate;
                if counts.len() > EXACT {
                    *counts = bucketed(counts, EXACT / 2);
                }
            }
            (Self::Set(members), Value::Member(member)) if members.len() < MEMBERS => {
                members.insert(member.to_owned());
            }
            _ => {}
        }
    }

    fn take(&mut self) -> Option<Values> {
        match self {
            Self::Counter(sum) => Some(Values::One(*sum)),
            Self::Gauge { value, was_set, idle } => {
                *idle = if *was_set { 0 } else { *idle + 1 };
                std::mem::take(was_set).then_some(Values::One(*value))
            }
            Self::Distribution(counts) => {
                let counts = if counts.len() > VALUES { bucketed(counts, VALUES) } else { std::mem::take(counts) };
                Some(Values::Counted(counts.into_iter().map(|(bits, count)| (number(bits), count)).collect()))
            }
            Self::Set(members) => Some(Values::One(members.len() as f64)),
        }
    }
}

/// Joins neighbours until at most `limit` values are left. The least and the greatest stay as they are; between them, buckets have
/// equal ratios (equal widths where a value is not positive), each told by its weighted mean, so the sum stays exact.
fn bucketed(counts: &BTreeMap<u64, f64>, limit: usize) -> BTreeMap<u64, f64> {
    let (Some((&first, &first_count)), Some((&last, &last_count))) = (counts.first_key_value(), counts.last_key_value()) else {
        return BTreeMap::new();
    };
    let (least, most) = (number(first), number(last));
    let buckets = limit.saturating_sub(2) as f64;
    let place = |value: f64| {
        let share = if least > 0.0 { (value / least).ln() / (most / least).ln() } else { (value - least) / (most - least) };
        (share * buckets) as u64
    };
    let mut sums: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (&bits, &count) in counts.range(first + 1..last) {
        let (sum, counted) = sums.entry(place(number(bits))).or_default();
        *sum += number(bits) * count;
        *counted += count;
    }
    let means = sums.into_values().map(|(sum, count)| (ordered(sum / count), count));
    means.chain([(first, first_count), (last, last_count)]).collect()
}

/// Bits that order as the numbers do.
const fn ordered(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

const fn number(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

#[cfg(test)]
mod tests {
    use telemetry_wire::statsd::parse_datagram;

    use super::*;

    fn aggregated(lines: &str) -> Vec<Datum> {
        let mut aggregator = Aggregator::new([("Stage".to_owned(), "test".to_owned())], 3);
        parse_datagram(lines.as_bytes()).flatten().for_each(|line| aggregator.add(&line));
        let mut data = aggregator.flush(60.0);
        data.sort_by(|a, b| a.name.cmp(&b.name));
        data
    }

    fn values(lines: &str) -> Vec<Values> {
        aggregated(lines).into_iter().map(|datum| datum.values).collect()
    }

    #[test]
    fn each_type_is_aggregated_in_its_way() {
        assert_eq!(values("c:1|c\nc:2|c|@0.5\nc:0.5|c"), [Values::One(5.5)]);
        assert_eq!(values("g:5|g\ng:-2|g\ng:+1|g"), [Values::One(4.0)]);
        assert_eq!(values("t:3|ms\nt:1:3|ms|@0.5"), [Values::Counted(vec![(1.0, 2.0), (3.0, 3.0)])]);
        assert_eq!(values("s:a|s\ns:b|s\ns:a|s"), [Values::One(2.0)]);
    }

    #[test]
    fn tags_become_dimensions_beside_the_configured_ones() {
        let data = aggregated("c:1|c|#tenant:t1,canary");
        let expected = [("Stage", "test"), ("canary", "true"), ("tenant", "t1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(data[0].dimensions, expected);
    }

    #[test]
    fn gauges_stay_but_only_those_set_are_reported() {
        let mut aggregator = Aggregator::new([], 10);
        parse_datagram(b"g:5|g").flatten().for_each(|line| aggregator.add(&line));
        assert_eq!(aggregator.flush(0.0).len(), 1);
        assert_eq!(aggregator.flush(60.0).len(), 0);
        parse_datagram(b"g:+1|g").flatten().for_each(|line| aggregator.add(&line));
        assert_eq!(aggregator.flush(120.0)[0].values, Values::One(6.0));
    }

    #[test]
    fn a_distribution_keeps_its_sum_within_150_values() {
        let lines: Vec<String> = (0..5_000).map(|n| format!("t:{}|d", f64::from(n) * 1.5 - 100.0)).collect();
        let Values::Counted(values) = &values(&lines.join("\n"))[0] else { panic!("not counted") };
        let (count, sum) = values.iter().fold((0.0, 0.0), |(count, sum), (value, of)| (count + of, sum + value * of));
        assert!(values.len() <= VALUES);
        assert_eq!((values[0].0, values[values.len() - 1].0), (-100.0, 4_999.0 * 1.5 - 100.0), "the extremes are exact");
        assert!((count - 5_000.0_f64).abs() < 1e-6 && (sum - (0..5_000).map(|n| f64::from(n) * 1.5 - 100.0).sum::<f64>()).abs() < 1e-3);
    }

    #[test]
    fn one_slow_request_among_thousands_stays_visible() {
        let lines: Vec<String> = (0..2_000).map(|n| format!("t:{}|ms", if n == 7 { 25_000 } else { 5 + n % 900 })).collect();
        let Values::Counted(values) = &values(&lines.join("\n"))[0] else { panic!("not counted") };
        assert_eq!(values.last(), Some(&(25_000.0, 1.0)));
        assert!(values.iter().rev().nth(1).is_some_and(|(value, _)| *value < 1_000.0), "{values:?}");
    }

    #[test]
    fn accidental_cardinality_is_counted_not_paid_for() {
        let mut aggregator = Aggregator::new([], 3);
        let lines: Vec<String> = (0..10).map(|n| format!("c:1|c|#request:{n}")).collect();
        parse_datagram(lines.join("\n").as_bytes()).flatten().for_each(|line| aggregator.add(&line));
        assert_eq!((aggregator.flush(0.0).len(), aggregator.take_refused()), (3, 7));
    }

    #[test]
    fn numbers_keep_their_order_as_bits() {
        let numbers = [-1e9, -1.0, -0.0, 0.5, 3.0, 1e300];
        assert!(numbers.map(ordered).is_sorted());
        assert_eq!(numbers.map(|n| number(ordered(n))), numbers);
    }
}
