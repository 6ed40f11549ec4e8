//! The console beside the agent.

use std::net::SocketAddr;
use std::path::PathBuf;

use metrics_agent::{AwsSettings, Spool};

use crate::arguments::Arguments;
use crate::source::Source;

/// Runs both until told to stop.
pub(crate) async fn run(arguments: &Arguments, listen: SocketAddr, data: Option<PathBuf>) -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = xray_console::Settings::default();
    settings.address = listen;
    settings.data = data;
    let console = xray_console::Console::start(settings).await?;
    println!("console at http://{}", console.address());
    let read = || {
        let mut config = Source::find(arguments)?.config()?;
        config.aws = AwsSettings::local(format!("http://{}", console.address()));
        // What is only looked at must not litter the machine, and the console goes with the agent.
        config.traces.spool.get_or_insert(Spool::Off);
        // Whoever has not asked for OpenTelemetry's ports may have another program there.
        config.otlp.is_optional = config.otlp.enabled.is_none();
        config.otlp.enabled.get_or_insert(true);
        Ok(config)
    };
    let result = async { crate::agent::run(read()?, arguments.drain(), read).await }.await;
    console.stop().await;
    result
}
