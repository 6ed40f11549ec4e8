//! Where log lines go: standard error, or where the X-Ray daemon puts them, in its form.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use metrics_agent::{DAEMON_LINES, LogOptions, timestamp};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The daemon's.
const ROTATED_AT: usize = 50 << 20;
const KEPT: usize = 1;

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

    /// For commands that tell on standard output.
    pub(crate) fn begin_quietly(&self) {
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new("error")).with_writer(std::io::stderr).init();
    }

    /// One line in the daemon's log file, before logging has begun.
    pub(crate) fn note(file: &Path, message: &str) {
        let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
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
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if options.rotates {
        let rotated = FileRotate::new(path, AppendCount::new(KEPT), ContentLimit::BytesSurpassed(ROTATED_AT), Compression::None, None);
        builder.with_writer(Mutex::new(rotated)).init();
    } else {
        builder.with_writer(Mutex::new(file)).init();
    }
    Ok(())
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
