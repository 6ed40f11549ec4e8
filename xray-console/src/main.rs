//! The console alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use xray_console::{Console, Settings};

/// A local AWS X-Ray, CloudWatch and Logs with a web page. Point any AWS SDK or CLI at it:
/// AWS_ENDPOINT_URL=http://127.0.0.1:2080
#[derive(Debug, Parser)]
#[command(version, about, verbatim_doc_comment)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:2080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Keep the data in this SQLite file. Without it the data goes with the process.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Megabytes of data to keep; the oldest goes first.
    #[arg(long, default_value_t = 1024, value_name = "MB")]
    budget: u64,
    /// A host name to answer to besides loopback; repeat for more.
    #[arg(long = "allow-host", value_name = "HOST")]
    allow_hosts: Vec<String>,
    /// The origin of another page that may ask, such as http://localhost:3000; repeat for more.
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    allow_origins: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let mut settings = Settings::default();
    settings.address = arguments.listen;
    settings.data = arguments.data;
    settings.budget = arguments.budget << 20;
    settings.allowed_hosts = arguments.allow_hosts;
    settings.allowed_origins = arguments.allow_origins;
    match Console::start(settings).await {
        Ok(console) => {
            println!("console at http://{}", console.address());
            if let Err(error) = tokio::signal::ctrl_c().await {
                tracing::error!(%error, "cannot wait for Ctrl-C");
            }
            console.stop().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("xray-console: {error}");
            ExitCode::FAILURE
        }
    }
}
