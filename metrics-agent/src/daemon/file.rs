//! `cfg.yaml`, read and checked as the daemon does, with the line in each message.

use std::fmt;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};

use super::keys::{KeyFault, fault_of};

/// What `cfg.yaml` says. Empty texts and zeros are as if the key were not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DaemonFile {
    pub(super) buffer_megabytes: Option<u64>,
    pub(super) concurrency: Option<u64>,
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
    pub(super) udp: Option<String>,
    pub(super) tcp: Option<String>,
    pub(super) log_rotation: Option<bool>,
    pub(super) log_level: Option<String>,
    pub(super) log_path: Option<String>,
    pub(super) local_mode: Option<bool>,
    pub(super) resource_arn: Option<String>,
    pub(super) role_arn: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) no_verify_ssl: Option<bool>,
    pub(super) proxy: Option<String>,
}

/// What is wrong with a `cfg.yaml`.
#[derive(Debug)]
#[non_exhaustive]
pub enum DaemonFileError {
    /// It cannot be read.
    Read(PathBuf, std::io::Error),
    /// It is no YAML, or not a map; the message has line and column.
    Yaml(PathBuf, String),
    /// `Version` is not there.
    NoVersion(PathBuf),
    /// `Version` is neither 1 nor 2.
    Version(PathBuf),
    /// A key that is not taken: where, and the daemon's message.
    Key {
        /// The file.
        file: PathBuf,
        /// Its line.
        line: usize,
        /// The key, with that of the map it is in.
        key: String,
        /// What the daemon says of it.
        message: &'static str,
    },
    /// A value of another type.
    Value {
        /// The file.
        file: PathBuf,
        /// Its line.
        line: usize,
        /// The key.
        key: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl fmt::Display for DaemonFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIGRATE: &str = "Use X-Ray Daemon Config Migration Script to update the config file. Please refer to AWS X-Ray Documentation for more information.";
        match self {
            Self::Read(file, error) => write!(f, "{}: {error}", file.display()),
            Self::Yaml(file, error) => write!(f, "{}: {error}", file.display()),
            Self::NoVersion(file) => write!(f, "{}: Config Version is missing. {MIGRATE}", file.display()),
            Self::Version(file) => write!(f, "{}: Config Version Setting is not correct. {MIGRATE}", file.display()),
            Self::Key { file, line, key, message } => write!(f, "{}:{line}: {key} {message}", file.display()),
            Self::Value { file, line, key, expected } => write!(f, "{}:{line}: {key} must be {expected}", file.display()),
        }
    }
}

impl std::error::Error for DaemonFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            _ => None,
        }
    }
}

/// A key with that of the map it is in, its line, and its value.
struct Entry<'a> {
    key: String,
    line: usize,
    value: &'a MarkedYaml<'a>,
}

impl DaemonFile {
    /// Reads a file. Keys are checked if it was named on the command line: in a file that was found, the daemon overlooks what it does
    /// not know.
    pub(super) fn read(path: &Path, checks_keys: bool) -> Result<Self, DaemonFileError> {
        let text = std::fs::read_to_string(path).map_err(|error| DaemonFileError::Read(path.to_owned(), error))?;
        Self::parse(path, &text, checks_keys)
    }

    fn parse(path: &Path, text: &str, checks_keys: bool) -> Result<Self, DaemonFileError> {
        let yaml = |message: String| DaemonFileError::Yaml(path.to_owned(), message);
        let documents = MarkedYaml::load_from_str(text).map_err(|error| yaml(error.to_string()))?;
        let entries = documents
            .first()
            .map_or_else(|| Ok(Vec::new()), entries)
            .map_err(|line| yaml(format!("line {line}: expected keys and values")))?;
        if checks_keys {
            check_keys(path, &entries)?;
        }
        let mut read = Self::default();
        let mut version = None;
        for Entry { key, line, value } in entries {
            let place = Place { path, line, key: &key };
            read.set(&place, value, &mut version)?;
        }
        if matches!(version, Some(1 | 2)) { Ok(read) } else { Err(DaemonFileError::Version(path.to_owned())) }
    }

    fn set(&mut self, at: &Place<'_>, value: &MarkedYaml<'_>, version: &mut Option<u64>) -> Result<(), DaemonFileError> {
        match at.key {
            "TotalBufferSizeMB" => self.buffer_megabytes = at.number(value)?,
            "Concurrency" => self.concurrency = at.number(value)?,
            "Version" => *version = at.number(value)?,
            "Endpoint" => self.endpoint = at.text(value)?,
            "Region" => self.region = at.text(value)?,
            "Socket.UDPAddress" => self.udp = at.text(value)?,
            "Socket.TCPAddress" => self.tcp = at.text(value)?,
            "Logging.LogRotation" => self.log_rotation = at.switch(value)?,
            "Logging.LogLevel" => self.log_level = at.text(value)?,
            "Logging.LogPath" => self.log_path = at.text(value)?,
            "LocalMode" => self.local_mode = at.switch(value)?,
            "ResourceARN" => self.resource_arn = at.text(value)?,
            "RoleARN" => self.role_arn = at.text(value)?,
            "ExternalId" => self.external_id = at.text(value)?,
            "NoVerifySSL" => self.no_verify_ssl = at.switch(value)?,
            "ProxyAddress" => self.proxy = at.text(value)?,
            _ => {}
        }
        Ok(())
    }
}

struct Place<'a> {
    path: &'a Path,
    line: usize,
    key: &'a str,
}

impl Place<'_> {
    fn wrong<T>(&self, expected: &'static str) -> Result<T, DaemonFileError> {
        Err(DaemonFileError::Value { file: self.path.to_owned(), line: self.line, key: self.key.to_owned(), expected })
    }

    fn text(&self, value: &MarkedYaml<'_>) -> Result<Option<String>, DaemonFileError> {
        let text = match &value.data {
            YamlData::Value(Scalar::Null) => None,
            YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
            YamlData::Value(Scalar::Integer(number)) => Some(number.to_string()),
            _ => return self.wrong("a text"),
        };
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn number(&self, value: &MarkedYaml<'_>) -> Result<Option<u64>, DaemonFileError> {
        match &value.data {
            YamlData::Value(Scalar::Null) => Ok(None),
            YamlData::Value(Scalar::Integer(number)) => match u64::try_from(*number) {
                Ok(number) => Ok(Some(number).filter(|number| *number > 0)),
                Err(_) => self.wrong("a number that is not negative"),
            },
            _ => self.wrong("a number"),
        }
    }

    fn switch(&self, value: &MarkedYaml<'_>) -> Result<Option<bool>, DaemonFileError> {
        match &value.data {
            YamlData::Value(Scalar::Null) => Ok(None),
            YamlData::Value(Scalar::Boolean(switch)) => Ok(Some(*switch)),
            // The words of YAML 1.1, which the daemon reads.
            YamlData::Value(Scalar::String(text)) => match text.to_lowercase().as_str() {
                "yes" | "on" | "y" => Ok(Some(true)),
                "no" | "off" | "n" => Ok(Some(false)),
                _ => self.wrong("true or false"),
            },
            _ => self.wrong("true or false"),
        }
    }
}

/// The entries of a map and of the maps in it; or the line of what is no map.
fn entries<'a>(document: &'a MarkedYaml<'a>) -> Result<Vec<Entry<'a>>, usize> {
    let map = match &document.data {
        YamlData::Mapping(map) => map,
        YamlData::Value(Scalar::Null) => return Ok(Vec::new()),
        _ => return Err(document.span.start.line()),
    };
    let mut entries = Vec::new();
    for (key, value) in map {
        let (key, line) = (name_of(key), key.span.start.line());
        match &value.data {
            YamlData::Mapping(inner) => entries.extend(inner.iter().map(|(name, value)| Entry {
                key: format!("{key}.{}", name_of(name)),
                line: name.span.start.line(),
                value,
            })),
            _ => entries.push(Entry { key, line, value }),
        }
    }
    Ok(entries)
}

fn name_of(key: &MarkedYaml<'_>) -> String {
    match &key.data {
        YamlData::Value(Scalar::String(text)) => text.to_string(),
        other => format!("{other:?}"),
    }
}

fn check_keys(path: &Path, entries: &[Entry<'_>]) -> Result<(), DaemonFileError> {
    if !entries.is_empty() && entries.iter().all(|entry| entry.key != "Version") {
        return Err(DaemonFileError::NoVersion(path.to_owned()));
    }
    let wrong = entries.iter().find_map(|entry| fault_of(&entry.key).map(|fault| (entry, fault)));
    wrong.map_or(Ok(()), |(entry, fault)| {
        let message = KeyFault::text(fault);
        Err(DaemonFileError::Key { file: path.to_owned(), line: entry.line, key: entry.key.clone(), message })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<DaemonFile, String> {
        DaemonFile::parse(Path::new("cfg.yaml"), text, true).map_err(|error| error.to_string())
    }

    /// The file that the daemon's packages install, as its documentation prints it.
    const SHIPPED: &str = r#"
# Maximum buffer size in MB (minimum 3). Choose 0 to use 1% of host memory.
TotalBufferSizeMB: 0
Concurrency: 8
Region: ""
Endpoint: ""
Socket:
  UDPAddress: "127.0.0.1:2000"
  TCPAddress: "127.0.0.1:2000"
Logging:
  LogRotation: true
  LogLevel: "prod"
  LogPath: ""
LocalMode: false
ResourceARN: ""
RoleARN: ""
NoVerifySSL: false
ProxyAddress: ""
Version: 2
"#;

    #[test]
    fn the_shipped_file_says_what_the_defaults_are() {
        let read = parse(SHIPPED).unwrap();
        let expected = DaemonFile {
            concurrency: Some(8),
            udp: Some("127.0.0.1:2000".into()),
            tcp: Some("127.0.0.1:2000".into()),
            log_rotation: Some(true),
            log_level: Some("prod".into()),
            local_mode: Some(false),
            no_verify_ssl: Some(false),
            ..DaemonFile::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn each_class_of_mistake_has_the_daemons_words_and_the_place() {
        for (text, message) in [
            ("Region: x\n", "cfg.yaml: Config Version is missing. Use X-Ray Daemon Config Migration Script"),
            ("Version: 3\n", "cfg.yaml: Config Version Setting is not correct."),
            ("Version: 1\nRegoin: x\n", "cfg.yaml:2: Regoin flag is invalid."),
            ("Version: 1\nSocket:\n  BufferSizeKB: 64\n", "cfg.yaml:3: Socket.BufferSizeKB flag is not supported any more."),
            ("Version: 1\nMemoryLimit: 3\n", "cfg.yaml:2: MemoryLimit flag is not supported. Use X-Ray Daemon Config Migration Script"),
            ("Version: 1\nSocket:\n", "cfg.yaml:2: Socket flag is invalid."),
            ("Version: 1\nConcurrency: many\n", "cfg.yaml:2: Concurrency must be a number"),
            ("Version: 1\nTotalBufferSizeMB: -1\n", "cfg.yaml:2: TotalBufferSizeMB must be a number that is not negative"),
            ("Version: 1\nLocalMode: perhaps\n", "cfg.yaml:2: LocalMode must be true or false"),
            ("- a\n- b\n", "cfg.yaml: line 1: expected keys and values"),
            ("a: [", "cfg.yaml: "),
            ("", "cfg.yaml: Config Version Setting is not correct."),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(message), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_found_is_not_checked_for_keys_but_for_its_version() {
        let found = |text| DaemonFile::parse(Path::new("cfg.yaml"), text, false);
        assert_eq!(found("Version: 1\nFuture: x\nRegion: eu-west-1\n").unwrap().region.as_deref(), Some("eu-west-1"));
        assert!(found("Region: x\n").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-A-Za-z0-9:\\[\\]{}&*!|>'\"%@` \\n\\t#,.]{0,80}") {
            let _anything = parse(&text);
        }
    }
}
