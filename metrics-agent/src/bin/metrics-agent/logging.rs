//! Where log lines go: standard error, or where the X-Ray daemon puts them, in its form.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use metrics_agent::{DAEMON_LINES, LogOptions, timestamp};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The daemon's.
const ROTATED_AT: u64 = 50 << 20;

/// Format of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of text, in colours on a terminal.
    #[default]
    Text,
    /// An object of JSON per line.
    Json,
}

/// On a terminal, unless `NO_COLOR` is set.
fn wants_colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Destination and format of log lines.
pub(crate) enum Logging {
    /// To standard error, by `RUST_LOG`.
    Own(LogFormat),
    /// As the daemon.
    Daemon(LogOptions),
}

impl Logging {
    /// Begins to log.
    pub(crate) fn begin(&self) -> Result<(), Box<dyn std::error::Error>> {
        match self {
            Self::Own(format) => {
                let filter = own_filter(std::env::var("RUST_LOG").ok().as_deref());
                let builder = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(std::io::stderr);
                match format {
                    LogFormat::Json => builder.json().flatten_event(true).finish().with(filter).init(),
                    LogFormat::Text => builder.with_ansi(wants_colours()).finish().with(filter).init(),
                }
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

/// `RUST_LOG`, such as `warn` or `info,metrics_agent=debug`; one that cannot be read is as good as none.
fn own_filter(variable: Option<&str>) -> Targets {
    let asked = variable.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    asked.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO).with_target(DAEMON_LINES, LevelFilter::OFF))
}

fn begin_as_daemon(options: &LogOptions) -> Result<(), Box<dyn std::error::Error>> {
    let libraries = ["hyper", "aws", "aws_smithy_runtime"].map(|target| (target, LevelFilter::INFO));
    let filter = Targets::new().with_default(options.level.parse::<LevelFilter>().unwrap_or(LevelFilter::INFO)).with_targets(libraries);
    let builder = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).event_format(DaemonFormat);
    let Some(path) = &options.file else {
        builder.with_writer(std::io::stdout).finish().with(filter).init();
        return Ok(());
    };
    let file = open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let written = file.metadata().map_or(0, |metadata| metadata.len());
    let limit = if options.rotates { ROTATED_AT } else { u64::MAX };
    let log = LogFile(Arc::new(Mutex::new(Rotated { path: path.clone(), file, written, limit })));
    builder.with_writer(move || log.clone()).finish().with(filter).init();
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
    fn what_cannot_be_read_is_the_default_and_the_daemons_lines_are_not_in_it() {
        for variable in [None, Some(""), Some("=,=nonsense")] {
            let filter = own_filter(variable);
            assert!(
                filter.would_enable("metrics_agent", &Level::INFO) && !filter.would_enable(DAEMON_LINES, &Level::ERROR),
                "{variable:?}"
            );
        }
        let filter = own_filter(Some("warn,hyper=debug"));
        assert!(filter.would_enable("hyper", &Level::DEBUG) && !filter.would_enable("metrics_agent", &Level::INFO));
    }

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
