//! The console beside the agent.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use metrics_agent::{AwsSettings, Config, Spool};

/// Runs both until told to stop.
pub(crate) async fn run(
    mut config: Config,
    drain: Duration,
    listen: SocketAddr,
    data: Option<PathBuf>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = xray_console::Settings::default();
    settings.address = listen;
    settings.data = data;
    let console = xray_console::Console::start(settings).await?;
    println!("console at http://{}", console.address());
    config.aws = AwsSettings::local(format!("http://{}", console.address()));
    // What is only looked at must not litter the machine, and the console goes with the agent.
    config.traces.spool.get_or_insert(Spool::Off);
    let result = crate::agent::run(config, drain).await;
    console.stop().await;
    result
}
