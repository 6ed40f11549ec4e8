//! The machine, and other processes: what they use, and their end.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Where and when this is measured.
pub(crate) fn setup() -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&output).trim().to_owned()
    };
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim().to_owned()))
        })
        .unwrap_or_else(|| "unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{}, {}, {processor}, {cores} cores, Linux {}",
        said("date", &["-u", "+%F"]),
        said("rustc", &["--version"]),
        said("uname", &["-r"])
    )
}

/// What every program is given; the sinks do not check it.
pub(crate) const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")];

/// A program of this workspace, built with the same profile; killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
}

impl Program {
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(Self::path(name)?);
        command.args(arguments).envs(CREDENTIALS).env("RUST_LOG", "error").stdout(Stdio::null());
        Self::spawn(&mut command)
    }

    pub(crate) fn spawn(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        let child = command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        Ok(Self { child })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Box<dyn Error>> {
        let id = Pid::from_raw(self.child.id().cast_signed()).ok_or("no process id")?;
        Ok(kill_process(id, signal)?)
    }

    /// Waits for its end; how long that took.
    pub(crate) fn wait(&mut self, at_most: Duration) -> Result<Duration, Box<dyn Error>> {
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > at_most {
                return Err(format!("process {} has not ended within {at_most:?}", self.child.id()).into());
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        Ok(began.elapsed())
    }

    /// The agent: the file that `METRICS_AGENT` names, else beside this program.
    pub(crate) fn agent() -> Result<PathBuf, Box<dyn Error>> {
        std::env::var_os("METRICS_AGENT").map_or_else(|| Self::path("metrics-agent"), |path| Ok(path.into()))
    }

    /// Beside this program.
    pub(crate) fn path(name: &str) -> Result<PathBuf, Box<dyn Error>> {
        let path = std::env::current_exe()?.with_file_name(name);
        if path.exists() {
            Ok(path)
        } else {
            Err(format!("{} is not there: `cargo build --release --package {name}`", path.display()).into())
        }
    }

    /// Processor time so far, of all its threads.
    pub(crate) fn processor_time(&self) -> Result<Duration, Box<dyn Error>> {
        let mut nanos = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Resident memory in megabytes.
    pub(crate) fn memory(&self) -> Result<f64, Box<dyn Error>> {
        self.megabytes("VmRSS:")
    }

    /// The most resident memory that it ever had, in megabytes.
    pub(crate) fn most_memory(&self) -> Result<f64, Box<dyn Error>> {
        self.megabytes("VmHWM:")
    }

    fn megabytes(&self, field: &str) -> Result<f64, Box<dyn Error>> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = text.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB"));
        Ok(kilobytes.ok_or_else(|| format!("no {field} in /proc"))?.parse::<f64>()? / 1_024.0)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            eprintln!("bench: a child process did not end: {error}");
        }
    }
}

/// A port that is free now for TCP and UDP. It is below the ports that the kernel gives to sockets without one of their own, so that no
/// socket takes it before the agent does.
pub(crate) fn free_port() -> io::Result<SocketAddr> {
    const PORTS: std::ops::Range<u16> = 20_000..32_000;
    const TRIES: usize = 100;
    let free = || {
        let address = SocketAddr::from(([127, 0, 0, 1], fastrand::u16(PORTS)));
        let (tcp, udp) = (TcpListener::bind(address), UdpSocket::bind(address));
        tcp.and(udp).map(|_| address)
    };
    (0..TRIES).find_map(|_| free().ok()).ok_or_else(|| io::ErrorKind::AddrInUse.into())
}

/// Waits until something listens.
pub(crate) fn wait_for(address: SocketAddr) -> io::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(error) = std::net::TcpStream::connect(address) {
        if Instant::now() > deadline {
            return Err(error);
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    Ok(())
}
