//! Who is measured: our agent and AWS's, each as a process with what it needs to run.

use std::error::Error;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::running::Running;
use crate::namespace::Namespace;
use crate::process::{CREDENTIALS, Program, free_port, wait_for};

/// Somebody without rights.
const NOBODY: u32 = 65_534;

/// An agent that can be started, more than once: its folder and its ports stay.
#[derive(Debug)]
pub(crate) struct Contestant {
    pub(crate) folder: TempDir,
    pub(crate) xray: SocketAddr,
    pub(crate) health: Option<SocketAddr>,
    pub(crate) binary: PathBuf,
    arguments: Vec<String>,
    /// Beside the credentials; an empty value takes a variable away.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Runs as nobody, if we are root: permissions mean nothing to root.
    pub(crate) is_unprivileged: bool,
    /// The name of a network namespace, and how to get there.
    pub(crate) namespace: Option<(String, Namespace)>,
}

impl Contestant {
    /// Our agent; `traces` are lines of that section.
    pub(crate) fn ours(endpoint: &str, traces: &str) -> Result<Self, Box<dyn Error>> {
        Self::ours_at(endpoint, traces, free_port()?)
    }

    /// Our agent with all it has; `traces` are lines of that section, `others` are sections.
    pub(crate) fn ours_with(folder: TempDir, endpoint: &str, traces: &str, others: &str) -> Result<Self, Box<dyn Error>> {
        Self::configured(folder, (endpoint, free_port()?), traces, others)
    }

    /// Our agent at an address of its own.
    pub(crate) fn ours_at(endpoint: &str, traces: &str, xray: SocketAddr) -> Result<Self, Box<dyn Error>> {
        Self::configured(tempfile::tempdir()?, (endpoint, xray), traces, "[metrics]\nenabled = false\n")
    }

    fn configured(folder: TempDir, (endpoint, xray): (&str, SocketAddr), traces: &str, others: &str) -> Result<Self, Box<dyn Error>> {
        let health = free_port()?;
        let (file, spool) = (folder.path().join("config.toml"), folder.path().join("spool"));
        let text = format!(
            "[aws]\nendpoint = \"{endpoint}\"\n[traces]\nudp = \"{xray}\"\ntcp = \"{xray}\"\nspool_folder = \"{}\"\n{traces}\n{others}\
             [health]\nlisten = \"{health}\"\n",
            spool.display()
        );
        std::fs::write(&file, text)?;
        let binary = Program::agent()?;
        let arguments = ["--drain", "2", "--config", &file.display().to_string()].map(str::to_owned).to_vec();
        Ok(Self { folder, xray, health: Some(health), binary, arguments, variables: Vec::new(), is_unprivileged: false, namespace: None })
    }

    /// The X-Ray daemon as it comes, but for the endpoint.
    pub(crate) fn daemon(binary: &Path, endpoint: &str) -> Result<Self, Box<dyn Error>> {
        let (folder, xray) = (tempfile::tempdir()?, free_port()?);
        let file = folder.path().join("cfg.yaml");
        let text = format!(
            "Version: 2\nRegion: us-east-1\nEndpoint: {endpoint}\nLocalMode: true\nSocket:\n  UDPAddress: {xray}\n  TCPAddress: {xray}\n"
        );
        std::fs::write(&file, text)?;
        let arguments = ["-c", &file.display().to_string()].map(str::to_owned).to_vec();
        // Its telemetry would ask EC2's metadata service who it is.
        let variables = [("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_HOSTNAME", "bench"), ("AWS_INSTANCE_ID", "i-0")]
            .map(|(name, value)| (name, value.to_owned()));
        let (binary, variables) = (binary.to_owned(), variables.to_vec());
        Ok(Self { folder, xray, health: None, binary, arguments, variables, is_unprivileged: false, namespace: None })
    }

    /// Gives it a clock of its own, by Debian's `libfaketime`; none if that is not there. The file that is returned holds its offset.
    pub(crate) fn own_clock(&mut self) -> Result<Option<PathBuf>, Box<dyn Error>> {
        const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
        if !Path::new(LIBRARY).exists() {
            return Ok(None);
        }
        let offset = self.folder.path().join("offset");
        std::fs::write(&offset, "+0\n")?;
        self.variables.extend([
            ("LD_PRELOAD", LIBRARY.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", offset.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]);
        Ok(Some(offset))
    }

    /// Where its spool is.
    pub(crate) fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self) -> Result<Command, Box<dyn Error>> {
        let mut command = match &self.namespace {
            None => Command::new(&self.binary),
            Some((name, _)) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name]).arg(&self.binary);
                command
            }
        };
        let log = File::options().append(true).create(true).open(self.log())?;
        command.args(&self.arguments).envs(CREDENTIALS).env("NO_COLOR", "1").env_remove("RUST_LOG").env_remove("STATE_DIRECTORY");
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        for (name, value) in &self.variables {
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        if self.is_unprivileged && is_root() {
            for path in [self.folder.path().to_owned(), self.log(), self.folder.path().join("config.toml")] {
                chown(path, Some(NOBODY), Some(NOBODY))?;
            }
            command.uid(NOBODY).gid(NOBODY);
        }
        Ok(command)
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start(&self) -> Result<Running, Box<dyn Error>> {
        let program = Program::spawn(&mut self.command()?)?;
        let address = self.health.unwrap_or(self.xray);
        let waited = match &self.namespace {
            None => wait_for(address),
            Some((_, namespace)) => namespace.within(|| wait_for(address))?,
        };
        waited.map_err(|error| {
            format!(
                "{} does not listen on {address}: {error}\n{}",
                self.binary.display(),
                std::fs::read_to_string(self.log()).unwrap_or_default()
            )
        })?;
        let namespace = self.namespace.as_ref().map(|(_, namespace)| namespace.clone());
        Ok(Running { program, xray: self.xray, health: self.health, namespace, log: self.log() })
    }
}

/// Whether we may do what only root may.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
