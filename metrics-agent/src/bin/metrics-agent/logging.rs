//! Where log lines go: standard error, or where the X-Ray daemon puts them, in its form.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use metrics_agent::{DAEMON_LINES, LogOptions, timestamp};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The daemon's.
const ROTATED_AT: u64 = 50 << 20;

/// How to log.
pub(crate) enum Logging {
    /// To standard error, by `RUST_LOG`.
    Own,
    /// As the daemon.
    Daemon(LogOptions),
}

impl Logging {
    /// Begins to log.
    pub(crate) fn begin(&self) -> Result<(), Box<dyn std::error::Error>> {
        match self {
            Self::Own => {
                let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(format!("info,{DAEMON_LINES}=off")));
                tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
            }
            Self::Daemon(options) => begin_as_daemon(options)?,
        }
        Ok(())
    }

    /// One line in the daemon's log file, before logging has begun.
    pub(crate) fn note(file: &Path, message: &str) {
        let opened = open(file);
        let written = opened.and_then(|mut file| writeln!(file, "{} [Error] {message}", timestamp()));
        if let Err(error) = written {
            eprintln!("metrics-agent: {}: {error}", file.display());
        }
    }
}

fn begin_as_daemon(options: &LogOptions) -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::new(format!("{level},hyper=info,aws=info,aws_smithy_runtime=info", level = options.level));
    let builder = tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter).event_format(DaemonFormat);
    let Some(path) = &options.file else {
        builder.with_writer(std::io::stdout).init();
        return Ok(());
    };
    let file = open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let written = file.metadata().map_or(0, |metadata| metadata.len());
    let limit = if options.rotates { ROTATED_AT } else { u64::MAX };
    let log = LogFile(Arc::new(Mutex::new(Rotated { path: path.clone(), file, written, limit })));
    builder.with_writer(move || log.clone()).init();
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// A log file. Whatever becomes of it, logging never fails its caller.
#[derive(Clone)]
struct LogFile(Arc<Mutex<Rotated>>);

/// A file that becomes `.1` when it is full, in the place of the one before.
struct Rotated {
    path: PathBuf,
    file: File,
    written: u64,
    limit: u64,
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Rotated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written >= self.limit {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            let _goes_on_in_the_same_file = std::fs::rename(&self.path, old);
            self.file = open(&self.path)?;
            self.written = 0;
        }
        self.written += bytes.len() as u64;
        self.file.write(bytes)
    }
}

/// `2026-11-23T16:00:00Z [Info] message`.
struct DaemonFormat;

impl<S, N> FormatEvent<S, N> for DaemonFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::TRACE => "Trace",
            Level::DEBUG => "Debug",
            Level::INFO => "Info",
            Level::WARN => "Warn",
            Level::ERROR => "Error",
        };
        write!(writer, "{} [{level}] ", timestamp())?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn one_old_file_is_kept_whatever_others_do_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let file = open(&path).unwrap();
        let mut log = LogFile(Arc::new(Mutex::new(Rotated { path: path.clone(), file, written: 0, limit: 10 })));
        for number in 0..9 {
            log.write_all(format!("line {number}\n").as_bytes()).unwrap();
            if number == 4 {
                std::fs::remove_file(folder.path().join("x.log.1")).unwrap();
            }
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "line 8\n");
        assert_eq!(std::fs::read_to_string(folder.path().join("x.log.1")).unwrap(), "line 6\nline 7\n");
    }
}
