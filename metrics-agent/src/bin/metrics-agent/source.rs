//! [`Source`]: which configuration counts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use metrics_agent::{Config, DAEMON_FILES, DaemonFlags, DaemonOptions};

use crate::arguments::{Arguments, Command};
use crate::logging::{LogFormat, Logging};

const OWN_FILE: &str = "/etc/metrics-agent/config.toml";
/// The name that the daemon's packages and units call.
const DAEMON_NAME: &str = "xray";

/// Where the configuration comes from.
pub(crate) enum Source {
    /// The agent's own file, or its defaults.
    Own(Option<PathBuf>, Box<Config>),
    /// The X-Ray daemon's flags and file.
    Daemon(Option<PathBuf>, Box<DaemonOptions>),
}

impl Source {
    /// What is named beats what is found.
    pub(crate) fn find(arguments: &Arguments) -> Result<Self, Box<dyn std::error::Error>> {
        let has_flags = arguments.daemon != DaemonFlags::default();
        let is_daemon = has_flags || is_called_xray();
        let named = match &arguments.command {
            Some(Command::Import { file }) => Some(file),
            _ => arguments.config.as_ref(),
        };
        match named {
            Some(path) if is_own(path) && has_flags => {
                Err(format!("{}: is the agent's own file, and flags of the X-Ray daemon do not go with it; set them there", path.display())
                    .into())
            }
            Some(path) if is_own(path) => Self::own(Some(path.clone())),
            Some(path) => Self::daemon(arguments, Some(path.clone()), true),
            None if is_daemon => Self::daemon(arguments, DAEMON_FILES.map(PathBuf::from).into_iter().find(|path| path.exists()), false),
            None if Path::new(OWN_FILE).exists() => Self::own(Some(OWN_FILE.into())),
            None if !is_local(arguments) && Path::new(DAEMON_FILES[0]).exists() => {
                Self::daemon(arguments, Some(DAEMON_FILES[0].into()), false)
            }
            None => Self::own(None),
        }
    }

    fn own(path: Option<PathBuf>) -> Result<Self, Box<dyn std::error::Error>> {
        let config = path.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
        Ok(Self::Own(path, Box::new(config)))
    }

    /// The daemon tells what is wrong on standard error and in its log file.
    fn daemon(arguments: &Arguments, path: Option<PathBuf>, is_named: bool) -> Result<Self, Box<dyn std::error::Error>> {
        let options = DaemonOptions::read(arguments.daemon.clone(), path.as_deref(), is_named);
        let options = options.inspect_err(|error| {
            if let Some(file) = &arguments.daemon.log_file {
                Logging::note(file, &error.to_string());
            }
        })?;
        Ok(Self::Daemon(path, Box::new(options)))
    }

    /// The whole configuration.
    pub(crate) fn config(&self) -> Result<Config, Box<dyn std::error::Error>> {
        match self {
            Self::Own(_, config) => Ok((**config).clone()),
            Self::Daemon(_, options) => {
                let mut config = Config::default();
                options.apply(&mut config)?;
                Ok(config)
            }
        }
    }

    pub(crate) const fn is_daemon(&self) -> bool {
        matches!(self, Self::Daemon(..))
    }

    /// The agent's own file that does the same.
    pub(crate) fn as_own_file(&self) -> Result<String, Box<dyn std::error::Error>> {
        match self {
            Self::Own(..) => Err(format!("{}: is the agent's own file already", self.name()).into()),
            Self::Daemon(_, options) => Ok(options.to_toml(&self.config()?)),
        }
    }

    pub(crate) fn log(&self, format: LogFormat) -> Logging {
        match self {
            Self::Own(..) => Logging::Own(format),
            Self::Daemon(_, options) => Logging::Daemon(options.log()),
        }
    }

    /// Where the agent of this configuration tells how it is.
    pub(crate) fn health(&self) -> SocketAddr {
        match self {
            Self::Own(_, config) => config.health.listen,
            Self::Daemon(..) => Config::default().health.listen,
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Own(Some(path), _) | Self::Daemon(Some(path), _) => path.display().to_string(),
            Self::Own(None, _) => "no file, the defaults".to_owned(),
            Self::Daemon(None, _) => "no file, the X-Ray daemon's defaults".to_owned(),
        }
    }
}

fn is_own(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

fn is_called_xray() -> bool {
    std::env::args_os().next().is_some_and(|name| Path::new(&name).file_name().is_some_and(|name| name == DAEMON_NAME))
}

#[cfg(feature = "console")]
const fn is_local(arguments: &Arguments) -> bool {
    matches!(arguments.command, Some(Command::Local { .. }))
}

#[cfg(not(feature = "console"))]
const fn is_local(_: &Arguments) -> bool {
    false
}
