//! Checks of a [`Config`], and its summary.

use std::net::SocketAddr;

use telemetry_wire::redact_urls;

#[cfg(feature = "logs")]
use crate::config::Links;
use crate::config::{Config, FileConfig, Spool};
use crate::metrics::is_dimension;
use crate::otlp_settings::TracesTo;
use crate::state;

impl Config {
    /// Returns a summary, a line per fact: region, role, endpoint, folders, ports, and the log files that match now. Makes no request.
    #[must_use]
    pub fn summary(&self) -> Vec<String> {
        let mut lines = self.aws_summary();
        let folder = self.traces.spool_folder.clone().unwrap_or_else(|| state::folder("spool"));
        let folder = folder.display();
        let spool = match self.traces.spool {
            None => format!("overflow in {folder}, if the folder can be used"),
            Some(Spool::Off) => "off".into(),
            Some(Spool::Overflow) => format!("overflow in {folder}"),
            Some(Spool::Always) => format!("always in {folder}"),
        };
        lines.push(format!("X-Ray segments on UDP {}, sampling rules on TCP {}", self.traces.udp, self.traces.tcp));
        lines.extend(self.traces.socket.iter().map(|socket| format!("the same on the socket {}", socket.display())));
        lines.push(format!("{} MB in memory, {} calls at once, spool: {spool}", self.traces.memory, self.traces.concurrency));
        lines.push(format!("health on {}", self.health.listen));
        if self.traces.to == TracesTo::Otlp {
            let endpoint = self.traces.otlp.endpoint.as_deref().unwrap_or("CloudWatch");
            lines.push(format!("segments go to {} as OpenTelemetry's spans", shown(endpoint)));
        }
        if self.otlp.is_on() {
            lines.push(format!("OpenTelemetry's spans on HTTP {} and gRPC {}", self.otlp.http, self.otlp.grpc));
        }
        if self.metrics.enabled {
            lines.push(format!("StatsD on UDP {}, to namespace {}", self.metrics.statsd, self.metrics.namespace));
        }
        lines.extend(self.logs.files.iter().flat_map(log_summary));
        if !self.logs.files.is_empty() {
            lines.push(format!("positions in {}", self.logs.state.clone().unwrap_or_else(|| state::folder("logs")).display()));
        }
        lines
    }

    fn aws_summary(&self) -> Vec<String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| format!("{value}, from {name}"));
        let region = self.aws.region.clone().or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| "that of the profile, the task or the instance, asked at the start".into());
        let mut lines = vec![format!("region: {region}")];
        lines.extend(self.aws.role_arn.iter().map(|role| format!("role: {role}")));
        let endpoint = self.aws.endpoint.clone().or_else(|| variable("AWS_ENDPOINT_URL"));
        lines.extend(endpoint.map(|endpoint| format!("endpoint: {}", shown(&endpoint))));
        let proxy = self.aws.proxy.clone().or_else(|| variable("HTTPS_PROXY"));
        lines.extend(proxy.map(|proxy| format!("proxy: {}", shown(&proxy))));
        lines
    }

    fn aws_mistake(&self) -> Option<String> {
        let aws = &self.aws;
        let texts = [("region", &aws.region), ("role_arn", &aws.role_arn), ("external_id", &aws.external_id)];
        let addresses = [("endpoint", &aws.endpoint), ("proxy", &aws.proxy)];
        let empty = texts.iter().find(|(_, text)| text.as_ref().is_some_and(String::is_empty));
        let empty = empty.map(|(field, _)| format!("aws.{field} is empty; leave it out for the default"));
        let wrong = addresses.iter().find_map(|(field, text)| {
            let text = text.as_ref().filter(|text| !is_web_address(text))?;
            Some(format!("aws.{field} is `{}`, expected http://host:port or https://host:port", shown(text)))
        });
        let region = aws.region.as_ref().filter(|region| !is_region(region));
        let region = region.map(|region| format!("aws.region is `{region}`, expected the name of a region such as eu-central-1"));
        let role = aws.role_arn.as_ref().filter(|role| !is_role(role));
        let role = role.map(|role| format!("aws.role_arn is `{role}`, expected one such as arn:aws:iam::123456789012:role/telemetry"));
        empty.or(wrong).or(region).or(role)
    }

    fn otlp_mistake(&self) -> Option<String> {
        let is_wanted = self.otlp.enabled == Some(true) || self.traces.to == TracesTo::Otlp;
        if is_wanted && !cfg!(feature = "otlp") {
            return Some("otlp.enabled and traces.to = \"otlp\" need an agent that is built with its feature `otlp`".into());
        }
        let collector = &self.traces.otlp;
        if let Some(wrong) = collector.endpoint.as_ref().filter(|endpoint| !is_web_address(endpoint)) {
            return Some(format!("traces.otlp.endpoint is `{}`, expected http://host:port/v1/traces or with https://", shown(wrong)));
        }
        let is_header =
            |(name, value): (&str, &str)| http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok();
        let wrong = collector.headers.iter().find(|pair| !is_header(*pair));
        wrong.map(|(name, _)| format!("traces.otlp.headers: `{name}` or its value is no HTTP header"))
    }

    pub(crate) fn mistake(&self) -> Option<String> {
        if let Some(mistake) = self.aws_mistake().or_else(|| self.otlp_mistake()) {
            return Some(mistake);
        }
        let namespace = &self.metrics.namespace;
        if namespace.is_empty()
            || namespace.len() > 255
            || namespace.starts_with(':')
            || namespace.starts_with("AWS/")
            || namespace.trim().is_empty()
            || !namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/#: ".contains(&byte))
        {
            return Some(format!(
                "metrics.namespace is `{namespace}`, expected 1 to 255 letters, digits, blanks and . - _ / # : that do not begin with `:` or `AWS/`"
            ));
        }
        if !(1..=86_400).contains(&self.metrics.interval) {
            return Some(format!("metrics.interval is {}, expected 1 to 86400 seconds", self.metrics.interval));
        }
        if let Some((name, value)) = self.metrics.dimensions.iter().find(|(name, value)| !is_dimension(name, value)) {
            return Some(format!(
                "metrics.dimensions has `{name}` = `{value}`, expected a name of 1 to 255 and a value of 1 to 1024 ASCII characters, not blank, the \
                 name without `:` at its beginning"
            ));
        }
        if self.metrics.dimensions.len() > 30 {
            return Some("metrics.dimensions has more than the 30 that CloudWatch takes".into());
        }
        if self.traces.memory == 0 || self.traces.concurrency == 0 {
            return Some("traces.memory and traces.concurrency must be at least 1".into());
        }
        if u32::from_str_radix(&self.traces.socket_mode, 8).ok().is_none_or(|mode| mode > 0o777) {
            return Some(format!("traces.socket_mode is `{}`, expected octal digits such as 0660", self.traces.socket_mode));
        }
        if let Some(path) = self.traces.forward.iter().find(|path| !is_operation(path)) {
            return Some(format!("traces.forward has `{path}`, expected a path such as /TraceSummaries"));
        }
        if self.traces.spool_megabytes == 0 {
            return Some("traces.spool_megabytes is 0; for no spool set traces.spool = \"off\"".into());
        }
        if !(1..=100).contains(&self.traces.spool_share) {
            return Some(format!("traces.spool_share is {}, expected 1 to 100 percent", self.traces.spool_share));
        }
        self.port_mistake().or_else(|| self.logs_mistake())
    }

    /// Two ports of one kind at one address: the second could not be opened.
    fn port_mistake(&self) -> Option<String> {
        let otlp = self.otlp.is_on().then_some([("otlp.http", self.otlp.http), ("otlp.grpc", self.otlp.grpc)]);
        let statsd = self.metrics.enabled.then_some(("metrics.statsd", self.metrics.statsd));
        let tcp = [("traces.tcp", self.traces.tcp), ("health.listen", self.health.listen)].into_iter().chain(otlp.into_iter().flatten());
        let udp = [("traces.udp", self.traces.udp)].into_iter().chain(statsd);
        [tcp.collect::<Vec<_>>(), udp.collect()].iter().find_map(|ports| {
            let mut pairs = ports.iter().enumerate().flat_map(|(at, one)| ports.iter().skip(at + 1).map(move |other| (one, other)));
            let (one, other) = pairs.find(|(one, other)| meet(one.1, other.1))?;
            Some(format!("{} and {} are both {}; give one of them another port", one.0, other.0, one.1))
        })
    }

    fn logs_mistake(&self) -> Option<String> {
        self.logs.files.iter().enumerate().find_map(|(at, files)| {
            let mistake = mistake_of(files)?;
            Some(format!("logs.files[{at}].{mistake}"))
        })
    }
}

/// Returns the field of a set of log files that is wrong, and the reason.
fn mistake_of(files: &FileConfig) -> Option<String> {
    if files.paths.is_empty() {
        return Some("paths: at least one pattern is needed".into());
    }
    if let Some(path) = files.paths.iter().find(|path| !path.starts_with('/')) {
        return Some(format!("paths: `{path}` is relative to nothing; expected a path from the root, such as /var/log/app/*.log"));
    }
    let is_name =
        |name: &str| (1..=512).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte));
    if !is_name(&files.group) || files.group.starts_with("aws/") {
        return Some(format!("group: `{}`, expected 1 to 512 letters, digits and . - _ / #, not beginning with aws/", files.group));
    }
    let stream = files.stream.as_deref();
    if let Some(stream) = stream.filter(|stream| stream.contains(['{', '}'])) {
        return Some(format!("stream: `{stream}` has a placeholder, and none is known; without a stream the host's name is taken"));
    }
    if let Some(stream) = stream.filter(|stream| !(1..=512).contains(&stream.len()) || stream.contains([':', '*'])) {
        return Some(format!("stream: `{stream}`, expected 1 to 512 characters without : and *"));
    }
    wrong_pattern(files)
}

#[cfg(feature = "logs")]
fn wrong_pattern(files: &FileConfig) -> Option<String> {
    log_source(files).err().map(|error| format!("paths or timezone: {error}"))
}

#[cfg(not(feature = "logs"))]
fn wrong_pattern(_: &FileConfig) -> Option<String> {
    Some("paths: this agent is built without its feature `logs`".into())
}

/// A source of the shipper.
#[cfg(feature = "logs")]
pub(crate) fn log_source(files: &FileConfig) -> Result<log_shipper::Source, log_shipper::StartError> {
    use log_shipper::FollowLinks;

    let source = log_shipper::Source::new(files.paths.clone(), &files.group, files.stream.as_deref());
    let source = source.follow_links(match files.follow_links {
        None => FollowLinks::Trusted,
        Some(Links::Always) => FollowLinks::Always,
        Some(Links::Never) => FollowLinks::Never,
    });
    let source = files.timezone.as_deref().map_or(Ok(source.clone()), |zone| source.timezone(zone))?;
    source.check()?;
    Ok(source)
}

/// Returns whether two ports cannot be open at once. Port 0 is any that is free.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let is_same_address = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && is_same_address && one.is_ipv4() == other.is_ipv4()
}

/// Returns whether a text looks like a region: `eu-central-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let (words, number) = parts.split_at(parts.len() - 1);
    words.len() >= 2 && words.iter().all(is_word) && number[0].bytes().all(|byte| byte.is_ascii_digit()) && !number[0].is_empty()
}

/// Returns whether a text is the ARN of a role: `arn:aws:iam::123456789012:role/name`.
fn is_role(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(&*parts, ["arn", partition, "iam", "", account, role] if partition.starts_with("aws")
        && account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && role.starts_with("role/"))
}

#[cfg(feature = "logs")]
fn log_summary(files: &FileConfig) -> Vec<String> {
    /// Files that are named.
    const NAMED: usize = 5;
    let Ok(source) = log_source(files) else { return Vec::new() };
    let matching = source.matches();
    let mut lines = vec![format!("log files {} to {}: {} match now", files.paths.join(", "), source.target(), matching.len())];
    lines.extend(matching.iter().take(NAMED).map(|path| format!("  {}", path.display())));
    if matching.len() > NAMED {
        lines.push(format!("  and {} more", matching.len() - NAMED));
    }
    lines
}

#[cfg(not(feature = "logs"))]
fn log_summary(_: &FileConfig) -> Vec<String> {
    Vec::new()
}

/// An address without credentials, also where its scheme is missing.
fn shown(address: &str) -> String {
    match address.contains("://") {
        true => redact_urls(address).into_owned(),
        false => redact_urls(&format!("http://{address}")).trim_start_matches("http://").to_owned(),
    }
}

/// X-Ray's paths are one name.
fn is_operation(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

/// Returns whether a text is a URL that requests can be sent to.
pub(crate) fn is_web_address(text: &str) -> bool {
    text.parse::<http::Uri>().is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_and_roles_look_like_those_of_aws() {
        assert!(["eu-central-1", "us-gov-west-1", "cn-north-1", "us-isob-east-1"].into_iter().all(is_region));
        assert!(!["Frankfurt", "eu-central", "1", "", "eu--1", "eu-central-1a"].into_iter().any(is_region));
        assert!(is_role("arn:aws-cn:iam::123456789012:role/path/name"));
        assert!(!["not-an-arn", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x"].into_iter().any(is_role));
    }

    #[test]
    fn ports_meet_at_one_address_or_at_all() {
        let at = |text: &str| text.parse().unwrap();
        assert!(meet(at("127.0.0.1:1"), at("127.0.0.1:1")) && meet(at("0.0.0.0:1"), at("127.0.0.1:1")));
        assert!(!meet(at("127.0.0.1:0"), at("127.0.0.1:0")) && !meet(at("127.0.0.1:1"), at("127.0.0.2:1")));
    }

    #[test]
    fn the_summary_shows_no_password() {
        let mut config = Config::default();
        config.aws.proxy = Some("http://user:secret@proxy:3128".into());
        config.aws.endpoint = Some("https://user:secret@aws.example".into());
        config.traces.to = TracesTo::Otlp;
        config.traces.otlp.endpoint = Some("https://user:secret@collector.example/v1/traces".into());
        let summary = config.summary();
        assert!(summary.contains(&"proxy: http://proxy:3128".to_owned()) && summary.contains(&"endpoint: https://aws.example".to_owned()));
        assert!(summary.iter().all(|line| !line.contains("secret")), "{summary:?}");
        config.aws.proxy = Some("user:secret@proxy".into());
        assert!(config.mistake().is_some_and(|mistake| mistake.contains("`proxy`")));
    }
}
