//! [`Source`]: files that go to one stream.

use std::path::PathBuf;

use jiff::tz::{Offset, TimeZone};

use crate::event::Target;
use crate::links::FollowLinks;
use crate::listing::Listings;
use crate::pattern::Pattern;

/// Files that go to one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub(crate) paths: Vec<String>,
    pub(crate) target: Target,
    pub(crate) follow_links: FollowLinks,
    pub(crate) zone: Option<TimeZone>,
}

impl Source {
    /// Patterns such as `/var/log/app/*.log`. Without a stream the host's name is taken.
    #[must_use]
    pub fn new(paths: Vec<String>, group: &str, stream: Option<&str>) -> Self {
        let stream = stream.map_or_else(host_name, str::to_owned);
        Self { paths, target: Target { group: group.to_owned(), stream }, follow_links: FollowLinks::default(), zone: None }
    }

    /// Sets which symbolic links are followed. Default: [`FollowLinks::Trusted`].
    #[must_use]
    pub fn follow_links(self, follow_links: FollowLinks) -> Self {
        Self { follow_links, ..self }
    }

    /// Sets the zone of times without an offset: `UTC`, `local`, `+01:00` or a name such as `Europe/Berlin`. Default: none, and a time
    /// without an offset is not read.
    ///
    /// # Errors
    /// When the system does not know the zone.
    pub fn timezone(self, name: &str) -> Result<Self, TimeZoneError> {
        let zone = zone(name).ok_or_else(|| TimeZoneError(name.to_owned()))?;
        Ok(Self { zone: Some(zone), ..self })
    }

    /// Checks that all patterns are well-formed.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn check(&self) -> Result<(), StartError> {
        let wrong = self.paths.iter().find_map(|path| Some((path, Pattern::new(path).err()?)));
        wrong.map_or(Ok(()), |(path, error)| Err(StartError::Pattern(path.clone(), error)))
    }

    /// Returns the paths that match now.
    #[must_use]
    pub fn matches(&self) -> Vec<PathBuf> {
        let mut listings = Listings::default();
        let patterns = self.paths.iter().filter_map(|path| Pattern::new(path).ok());
        patterns.flat_map(|pattern| pattern.matches(&mut listings)).collect()
    }

    /// Returns group and stream, with a colon between them.
    #[must_use]
    pub fn target(&self) -> String {
        self.target.to_string()
    }
}

/// Error of starting a shipper.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The journal cannot be read or made, or another process has it.
    #[error("log positions in {0}: {1}; set another folder with `logs.state`")]
    Journal(PathBuf, std::io::Error),
    /// A pattern is malformed.
    #[error("the pattern `{0}`: {1}")]
    Pattern(String, glob::PatternError),
    /// A time zone is unknown.
    #[error(transparent)]
    TimeZone(#[from] TimeZoneError),
}

/// The system does not know a time zone of this name.
#[derive(Debug, thiserror::Error)]
#[error("the time zone `{0}` is unknown; expected UTC, local, an offset such as +01:00, or a name such as Europe/Berlin")]
pub struct TimeZoneError(String);

fn zone(name: &str) -> Option<TimeZone> {
    match name {
        "UTC" | "Z" => Some(TimeZone::UTC),
        "local" => TimeZone::try_system().ok(),
        offset if offset.starts_with(['+', '-']) => {
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
            let seconds = hours * 3_600 + minutes * 60;
            Some(Offset::from_seconds(if offset.starts_with('-') { -seconds } else { seconds }).ok()?.to_time_zone())
        }
        name => TimeZone::get(name).ok(),
    }
}

/// `/etc/hostname`, else `localhost`; without the characters that a stream's name may not have.
fn host_name() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim().replace([':', '*'], "-");
    if name.is_empty() { "localhost".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_utc_local_offsets_and_names() {
        for name in ["UTC", "local", "+01:00", "-05:30"] {
            assert!(zone(name).is_some(), "{name}");
        }
        for name in ["", "Nowhere/City", "+1", "+99:00", "+a:b"] {
            let source = Source::new(Vec::new(), "g", Some("s")).timezone(name);
            assert!(source.unwrap_err().to_string().contains("Europe/Berlin"), "{name}");
        }
    }
}
