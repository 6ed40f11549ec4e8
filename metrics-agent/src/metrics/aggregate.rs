//! [`Aggregator`]: an interval's worth of StatsD, as numbers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use telemetry_delivery::{LossReason, allocated};
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
/// Bytes of one value of a distribution, in its tree.
const VALUE_BYTES: usize = 40;
/// Intervals without a value after which a gauge is forgotten, so that gauges of hosts long gone do not use up the series.
const GAUGE_INTERVALS: u32 = 60;
/// Members of a set that are told apart.
const MEMBERS: usize = 100_000;
/// Bytes that a member of a set is reckoned with.
const MEMBER_BYTES: usize = 64;

/// Bytes of series and values in an interval; beyond, new ones are refused.
const BYTES: usize = 64 << 20;
/// CloudWatch takes data of two weeks, in seconds, and of two hours ahead.
const AGE: RangeInclusive<f64> = -14.0 * 86_400.0..=2.0 * 3_600.0;
/// And values up to this, 2 to the power of 360, of either sign.
const LARGEST: f64 = 2.348_542_582_773_833_2e108;

/// Reasons for which a line is not counted.
pub(super) mod reasons {
    use telemetry_delivery::LossReason;

    /// No line of any type.
    pub(crate) const MALFORMED: LossReason = LossReason("line_malformed");
    /// A series too many for `metrics.max_series`.
    pub(crate) const MAX_SERIES: LossReason = LossReason("line_max_series");
    /// No room for another series or value.
    pub(crate) const MEMORY: LossReason = LossReason("line_memory");
    /// A name or a tag that CloudWatch refuses.
    pub(crate) const NAME: LossReason = LossReason("line_name");
    /// More dimensions than 30.
    pub(crate) const DIMENSIONS: LossReason = LossReason("line_dimensions");
    /// A timestamp of more than 14 days ago, or more than 2 hours ahead.
    pub(crate) const TIMESTAMP: LossReason = LossReason("line_timestamp");
    /// A value that is too large for CloudWatch, once it was aggregated.
    pub(crate) const VALUE: LossReason = LossReason("value_out_of_range");
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Series {
    namespace: Arc<str>,
    name: String,
    kind: Kind,
    /// Name and value of each, sorted by name.
    dimensions: Vec<(String, String)>,
    /// Seconds since the epoch that the line gave.
    timestamp: Option<u64>,
}

#[derive(Debug)]
enum State {
    Counter(f64),
    Gauge { value: f64, was_set: bool, idle: u32 },
    Distribution(BTreeMap<u64, f64>),
    Set(HashSet<String>),
}

/// Namespace, dimensions and limits for lines that arrive.
#[derive(Clone, Debug)]
pub(crate) struct AggregatorSettings {
    pub(crate) namespace: Arc<str>,
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) max_series: usize,
    /// Seconds between two data of a metric.
    pub(crate) resolution: i32,
}

/// Collects lines until the interval ends. Gauges stay over intervals, but only those set in one are reported.
#[derive(Debug)]
pub(crate) struct Aggregator {
    series: HashMap<Series, State>,
    settings: AggregatorSettings,
    /// Bytes of the series and their values.
    bytes: usize,
    /// Gauges that were not set in this interval, those idle for longest behind; known once a series needs the room of one.
    idle: Option<Vec<Series>>,
    /// Begin of the interval, in seconds since the epoch.
    began: f64,
}

impl Aggregator {
    /// Makes an aggregator whose first interval begins now.
    pub(crate) fn new(settings: AggregatorSettings, now: f64) -> Self {
        Self { series: HashMap::new(), settings, bytes: 0, idle: None, began: now }
    }

    /// Changes what lines that come later get. What has been counted keeps its namespace and dimensions.
    pub(crate) fn configure(&mut self, settings: AggregatorSettings) {
        self.settings = settings;
    }

    /// Returns the begin of the interval, in seconds since the epoch.
    pub(crate) const fn began(&self) -> f64 {
        self.began
    }

    /// Counts a line in.
    ///
    /// # Errors
    /// Says why it is not counted; the caller counts that.
    pub(crate) fn add(&mut self, line: &Line<'_>) -> Result<(), LossReason> {
        let series = self.series_of(line)?;
        if !self.series.contains_key(&series) {
            self.make_room_for(&series)?;
        }
        let is_full = self.bytes >= BYTES;
        let state = self.series.entry(series).or_insert_with(|| State::new(line.kind));
        for value in line.values() {
            let before = state.bytes();
            let added = state.add(value, line.rate, is_full);
            self.bytes = (self.bytes + state.bytes()).saturating_sub(before);
            added?;
        }
        Ok(())
    }

    fn series_of(&self, line: &Line<'_>) -> Result<Series, LossReason> {
        let is_name = line.name.len() <= NAME_CHARS && is_ascii(line.name);
        if !is_name {
            return Err(reasons::NAME);
        }
        if let Some(timestamp) = line.timestamp
            && !AGE.contains(&(timestamp as f64 - self.began))
        {
            return Err(reasons::TIMESTAMP);
        }
        let (namespace, dimensions) = (Arc::clone(&self.settings.namespace), self.dimensions_of(line)?);
        Ok(Series { namespace, name: line.name.to_owned(), kind: line.kind, dimensions, timestamp: line.timestamp })
    }

    /// A new series takes the place of the gauge that was idle for longest, if there are too many.
    fn make_room_for(&mut self, series: &Series) -> Result<(), LossReason> {
        if self.bytes + series.bytes() > BYTES {
            return Err(reasons::MEMORY);
        }
        if self.series.len() >= self.settings.max_series && !self.evict_idle() {
            return Err(reasons::MAX_SERIES);
        }
        self.bytes += series.bytes();
        Ok(())
    }

    fn evict_idle(&mut self) -> bool {
        if self.idle.is_none() {
            let idle_for = |state: &State| if let State::Gauge { was_set: false, idle, .. } = state { Some(*idle) } else { None };
            let mut idle: Vec<(u32, &Series)> = self.series.iter().filter_map(|(series, state)| Some((idle_for(state)?, series))).collect();
            idle.sort_by_key(|(idle, _)| *idle);
            self.idle = Some(idle.into_iter().map(|(_, series)| series.clone()).collect());
        }
        while let Some(series) = self.idle.as_mut().and_then(Vec::pop) {
            if matches!(self.series.get(&series), Some(State::Gauge { was_set: false, .. })) {
                self.series.remove(&series);
                self.bytes = self.bytes.saturating_sub(series.bytes());
                return true;
            }
        }
        false
    }

    /// Ends the interval; the next one begins at `next`. Gives what to send, and the names of metrics whose value CloudWatch would refuse.
    pub(crate) fn flush(&mut self, next: f64) -> (Vec<Datum>, Vec<String>) {
        let (mut data, mut refused, mut bytes) = (Vec::new(), Vec::new(), 0);
        let (began, resolution) = (std::mem::replace(&mut self.began, next), self.settings.resolution);
        self.series.retain(|series, state| {
            if let Some(values) = state.take() {
                let timestamp = series.timestamp.map_or(began, |timestamp| timestamp as f64);
                match values.in_range(LARGEST) {
                    Some(values) => data.push(series.datum(values, timestamp, resolution)),
                    None => refused.push(series.name.clone()),
                }
            }
            let stays = series.timestamp.is_none() && matches!(state, State::Gauge { idle, .. } if *idle < GAUGE_INTERVALS);
            bytes += if stays { series.bytes() } else { 0 };
            stays
        });
        (self.bytes, self.idle) = (bytes, None);
        (data, refused)
    }

    /// Configured dimensions, then those of the line: a configured one wins over a tag of its name, and of two tags the last wins. A tag
    /// without a value gets `true`: CloudWatch refuses blank values.
    fn dimensions_of(&self, line: &Line<'_>) -> Result<Vec<(String, String)>, LossReason> {
        let mut dimensions: Vec<(String, String)> = Vec::with_capacity(self.settings.dimensions.len());
        for (name, value) in line.tags() {
            let value = if value.trim().is_empty() { "true" } else { value };
            if !is_dimension(name, value) {
                return Err(reasons::NAME);
            }
            dimensions.retain(|(known, _)| known != name);
            if !self.settings.dimensions.contains_key(name) {
                dimensions.push((name.to_owned(), value.to_owned()));
            }
        }
        dimensions.extend(self.settings.dimensions.iter().map(|(name, value)| (name.clone(), value.clone())));
        if dimensions.len() > DIMENSIONS {
            return Err(reasons::DIMENSIONS);
        }
        dimensions.sort();
        Ok(dimensions)
    }
}

impl Series {
    fn datum(&self, values: Values, timestamp: f64, resolution: i32) -> Datum {
        let (namespace, name, dimensions) = (Arc::clone(&self.namespace), self.name.clone(), self.dimensions.clone());
        Datum { namespace, name, dimensions, timestamp, unit: self.kind.unit(), values, resolution }
    }

    /// With its place in the map.
    fn bytes(&self) -> usize {
        let dimensions: usize = self.dimensions.iter().map(|(name, value)| 48 + allocated(name.len()) + allocated(value.len())).sum();
        2 * size_of::<(Self, State)>() + allocated(self.name.len()) + dimensions
    }
}

/// Returns whether CloudWatch takes a dimension of this name and value: ASCII, not blank, no colon at the beginning of the name.
pub(crate) fn is_dimension(name: &str, value: &str) -> bool {
    let is_text = |text: &str, longest| !text.trim().is_empty() && text.len() <= longest && is_ascii(text);
    is_text(name, NAME_CHARS) && !name.starts_with(':') && is_text(value, VALUE_CHARS)
}

fn is_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control())
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
    ///
    /// Without room, values of a distribution are joined, and new members of a set are refused.
    fn add(&mut self, value: Value<'_>, rate: f64, is_full: bool) -> Result<(), LossReason> {
        match (self, value) {
            (Self::Counter(sum), Value::Number(number) | Value::Change(number)) => *sum += number / rate,
            (Self::Gauge { value, was_set, .. }, Value::Number(number)) => (*value, *was_set) = (number, true),
            (Self::Gauge { value, was_set, .. }, Value::Change(change)) => (*value, *was_set) = (*value + change, true),
            (Self::Distribution(counts), Value::Number(number) | Value::Change(number)) => {
                *counts.entry(ordered(number)).or_default() += 1.0 / rate;
                let limit = if is_full { VALUES } else { EXACT };
                if counts.len() > limit {
                    *counts = bucketed(counts, limit / 2);
                }
            }
            (Self::Set(members), Value::Member(member)) => {
                if (is_full || members.len() >= MEMBERS) && !members.contains(member) {
                    return Err(reasons::MEMORY);
                }
                members.insert(member.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// Bytes of its values.
    fn bytes(&self) -> usize {
        match self {
            Self::Counter(_) | Self::Gauge { .. } => 0,
            Self::Distribution(counts) => counts.len() * VALUE_BYTES,
            // Members are ids or addresses; their own lengths would have to be added up each time.
            Self::Set(members) => members.capacity() * (size_of::<String>() + 1) + members.len() * MEMBER_BYTES,
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

    fn settings(dimensions: &[(&str, &str)], max_series: usize) -> AggregatorSettings {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        AggregatorSettings { namespace: "Shop".into(), dimensions, max_series, resolution: 60 }
    }

    fn with(dimensions: &[(&str, &str)], max_series: usize) -> Aggregator {
        Aggregator::new(settings(dimensions, max_series), 0.0)
    }

    /// The reasons of lines that are not counted.
    fn add(aggregator: &mut Aggregator, lines: &str) -> Vec<&'static str> {
        parse_datagram(lines.as_bytes()).flatten().filter_map(|line| aggregator.add(&line).err()).map(|reason| reason.0).collect()
    }

    fn aggregated(lines: &str) -> Vec<Datum> {
        let mut aggregator = with(&[("Stage", "test")], 3);
        assert_eq!(add(&mut aggregator, lines), Vec::<&str>::new());
        let (mut data, _) = aggregator.flush(60.0);
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
    fn a_configured_dimension_wins_over_a_tag_and_the_last_of_two_tags_wins() {
        let dimensions = |lines: &str| aggregated(lines)[0].dimensions.clone();
        let stage = ("Stage".to_owned(), "test".to_owned());
        assert_eq!(dimensions("a:1|c|#Stage:aaa"), std::slice::from_ref(&stage));
        assert_eq!(dimensions("a:1|c|#Stage:zzz"), std::slice::from_ref(&stage));
        assert_eq!(dimensions("a:1|c|#env:b,env:a"), [stage.clone(), ("env".to_owned(), "a".to_owned())]);
        assert_eq!(dimensions("a:1|c|#env:a,env:b"), [stage, ("env".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn what_cloudwatch_would_refuse_or_merge_is_refused_by_name() {
        let mut aggregator = with(&[("Stage", "test")], 100);
        let long = "x".repeat(255);
        let tags = |count: usize| (0..count).map(|n| format!("t{n}:v")).collect::<Vec<_>>().join(",");
        for (line, reason) in [
            (format!("{long}A:1|c"), "line_name"),
            ("caf\u{e9}:1|c".into(), "line_name"),
            ("a:1|c|#:x".into(), "line_name"),
            (format!("a:1|c|#t:{}", "v".repeat(1_025)), "line_name"),
            (format!("a:1|c|#{}", tags(30)), "line_dimensions"),
            ("a:1|c|T7200001".into(), "line_timestamp"),
        ] {
            assert_eq!(add(&mut aggregator, &line), [reason], "{line}");
        }
        assert_eq!(add(&mut aggregator, &format!("{long}:1|c\na:1|c|#{}\na:1|c|#t", tags(29))), Vec::<&str>::new());
    }

    #[test]
    fn a_timestamp_of_the_line_is_that_of_its_datum() {
        let mut aggregator = with(&[], 10);
        add(&mut aggregator, "c:1|c|T1000\nc:2|c|T1000\nc:4|c\ng:7|g|T1001");
        let (mut data, _) = aggregator.flush(60.0);
        data.sort_by(|a, b| a.timestamp.total_cmp(&b.timestamp));
        let seen: Vec<_> = data.iter().map(|datum| (&*datum.name, datum.timestamp, datum.values.clone())).collect();
        assert_eq!(seen, [("c", 0.0, Values::One(4.0)), ("c", 1_000.0, Values::One(3.0)), ("g", 1_001.0, Values::One(7.0))]);
        assert_eq!(aggregator.series.len(), 0, "such a gauge is not kept");
    }

    #[test]
    fn gauges_stay_but_only_those_set_are_reported() {
        let mut aggregator = with(&[], 10);
        add(&mut aggregator, "g:5|g");
        assert_eq!(aggregator.flush(60.0).0.len(), 1);
        assert_eq!(aggregator.flush(120.0).0.len(), 0);
        add(&mut aggregator, "g:+1|g");
        let (data, _) = aggregator.flush(180.0);
        assert_eq!((data[0].values.clone(), data[0].timestamp), (Values::One(6.0), 120.0));
    }

    #[test]
    fn idle_gauges_make_room_for_new_metrics_those_idle_for_longest_first() {
        let mut aggregator = with(&[], 100);
        let gauges = |range: std::ops::Range<u32>| range.map(|n| format!("g:1|g|#pod:{n}\n")).collect::<String>();
        add(&mut aggregator, &gauges(0..50));
        aggregator.flush(60.0);
        add(&mut aggregator, &gauges(50..100));
        aggregator.flush(120.0);
        add(&mut aggregator, &gauges(60..70));
        assert_eq!(add(&mut aggregator, "c:1|c\nd:1|c"), Vec::<&str>::new());
        assert_eq!(aggregator.flush(180.0).0.len(), 12);
        let is_kept = |pod: u32| aggregator.series.keys().any(|series| series.dimensions == [("pod".to_owned(), pod.to_string())]);
        assert_eq!((0..50).filter(|pod| is_kept(*pod)).count(), 48);
        assert!((50..100).all(is_kept));
    }

    #[test]
    fn values_that_cloudwatch_refuses_are_named_and_their_neighbours_sent() {
        let mut aggregator = with(&[], 10);
        add(&mut aggregator, "bad:1e300|c|@1e-20\nworse:1e300|c\ngood:1|c\nt:1:1e200|ms");
        let (data, mut refused) = aggregator.flush(60.0);
        refused.sort();
        assert_eq!(refused, ["bad", "t", "worse"]);
        let mut sent: Vec<_> = data.iter().map(|datum| (&*datum.name, datum.values.clone())).collect();
        sent.sort_by_key(|(name, _)| *name);
        assert_eq!(sent, [("good", Values::One(1.0))]);
    }

    #[test]
    fn what_was_counted_keeps_its_namespace_when_the_configuration_changes() {
        let mut aggregator = with(&[], 10);
        add(&mut aggregator, "c:1|c");
        aggregator.configure(AggregatorSettings { namespace: "New".into(), ..settings(&[], 10) });
        add(&mut aggregator, "c:2|c");
        let (mut data, _) = aggregator.flush(60.0);
        data.sort_by(|a, b| a.namespace.cmp(&b.namespace));
        let seen: Vec<_> = data.iter().map(|datum| (&*datum.namespace, datum.values.clone())).collect();
        assert_eq!(seen, [("New", Values::One(2.0)), ("Shop", Values::One(1.0))]);
    }

    #[test]
    fn memory_is_bounded_in_bytes_whatever_the_lines() {
        let mut aggregator = with(&[], 10_000_000);
        let mut refused = 0;
        for set in 0..40 {
            for member in 0..MEMBERS {
                let line = format!("s{set}:{member:040}|s");
                refused += add(&mut aggregator, &line).len();
                if refused > 0 && member == 0 {
                    break;
                }
            }
        }
        assert!(refused > 0 && aggregator.bytes < BYTES + (16 << 20), "{}", aggregator.bytes);
        assert_eq!(add(&mut aggregator, "another:1|c"), ["line_memory"]);
        aggregator.flush(60.0);
        assert_eq!((aggregator.bytes, add(&mut aggregator, "another:1|c").len()), (0, 0));
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
        let mut aggregator = with(&[], 3);
        let lines: Vec<String> = (0..10).map(|n| format!("c:1|c|#request:{n}")).collect();
        assert_eq!(add(&mut aggregator, &lines.join("\n")), ["line_max_series"; 7]);
        assert_eq!(aggregator.flush(60.0).0.len(), 3);
    }

    #[test]
    fn numbers_keep_their_order_as_bits() {
        let numbers = [-1e9, -1.0, -0.0, 0.5, 3.0, 1e300];
        assert!(numbers.map(ordered).is_sorted());
        assert_eq!(numbers.map(|n| number(ordered(n))), numbers);
    }
}
