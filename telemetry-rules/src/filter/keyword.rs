//! The keywords, and which operators each takes.

/// A keyword that stands for true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Ok,
    Error,
    Throttle,
    Fault,
    Partial,
    Inferred,
    First,
    Last,
    Remote,
    Root,
}

/// A keyword that stands for a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    ResponseTime,
    Duration,
    HttpStatus,
    Index,
    Coverage,
}

/// A keyword that stands for texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    HttpUrl,
    HttpMethod,
    HttpUserAgent,
    HttpClientIp,
    User,
    Name,
    Type,
    Message,
    AvailabilityZone,
    InstanceId,
    ResourceArn,
    GroupName,
    GroupArn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Flag(Flag),
    Number(Number),
    Text(Text),
}

impl Keyword {
    /// Looks a lower-case word up.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "ok" => Self::Flag(Flag::Ok),
            "error" => Self::Flag(Flag::Error),
            "throttle" => Self::Flag(Flag::Throttle),
            "fault" => Self::Flag(Flag::Fault),
            "partial" => Self::Flag(Flag::Partial),
            "inferred" => Self::Flag(Flag::Inferred),
            "first" => Self::Flag(Flag::First),
            "last" => Self::Flag(Flag::Last),
            "remote" => Self::Flag(Flag::Remote),
            "root" => Self::Flag(Flag::Root),
            "responsetime" => Self::Number(Number::ResponseTime),
            "duration" => Self::Number(Number::Duration),
            "http.status" => Self::Number(Number::HttpStatus),
            "index" => Self::Number(Number::Index),
            "coverage" => Self::Number(Number::Coverage),
            "http.url" => Self::Text(Text::HttpUrl),
            "http.method" => Self::Text(Text::HttpMethod),
            "http.useragent" => Self::Text(Text::HttpUserAgent),
            "http.clientip" => Self::Text(Text::HttpClientIp),
            "user" => Self::Text(Text::User),
            "name" => Self::Text(Text::Name),
            "type" => Self::Text(Text::Type),
            "message" => Self::Text(Text::Message),
            "availabilityzone" => Self::Text(Text::AvailabilityZone),
            "instance.id" => Self::Text(Text::InstanceId),
            "resource.arn" => Self::Text(Text::ResourceArn),
            "group.name" | "groupname" => Self::Text(Text::GroupName),
            "group.arn" => Self::Text(Text::GroupArn),
            _ => return None,
        })
    }

    /// All keywords, for messages and completion.
    pub(super) const ALL: &str = "ok, error, throttle, fault, partial, inferred, root, first, last, remote, responsetime, duration, \
        http.status, index, coverage, http.url, http.method, http.useragent, http.clientip, user, name, type, message, \
        availabilityzone, instance.id, resource.arn, annotation.KEY, service(), edge(), group.name, group.arn, rootcause.*";
}
