//! From start to stop.

use std::convert::Infallible;
use std::time::Duration;

use metrics_agent::{Agent, Config, DAEMON_LINES};
use telemetry_delivery::LedgerSnapshot;
use tokio::signal::unix::{Signal, SignalKind, signal};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Runs until told to stop; HUP has the configuration read again.
pub(crate) async fn run(config: Config, drain: Duration, read_again: impl Fn() -> Result<Config>) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(target: DAEMON_LINES, "Initializing AWS X-Ray daemon {version} (metrics-agent)");
    let mut hangups = signal(SignalKind::hangup())?;
    // The start may wait for a metadata service.
    let mut agent = tokio::select! {
        started = Agent::start(config) => started?,
        stop = stop_signal() => return stop.map(drop).map_err(Into::into),
    };
    let at = agent.addresses();
    let optional = [&at.statsd, &at.health, &at.otlp_http, &at.otlp_grpc];
    let [statsd, health, otlp_http, otlp_grpc] = optional.map(|address| address.as_ref().map(tracing::field::display));
    tracing::info!(xray = %at.udp, sampling = %at.tcp, statsd, health, otlp_http, otlp_grpc, "listening");
    tell_systemd(&[sd_notify::NotifyState::Ready]);
    let ledgers_wanted = dump_on_signal(&agent)?;
    let stop = tokio::select! {
        stop = stop_signal() => stop?,
        () = feed_watchdog() => "nothing",
        never = reload_on_signal(&mut agent, &mut hangups, read_again) => match never {},
    };
    ledgers_wanted.abort();
    tell_systemd(&[sd_notify::NotifyState::Stopping]);
    tracing::info!(target: DAEMON_LINES, "Got shutdown signal: {stop}");
    tracing::info!(seconds = drain.as_secs(), "sending what is held; once more to stop at once");
    tokio::select! {
        ledgers = agent.drain(drain) => report(&ledgers),
        _ = stop_signal() => tracing::error!("stopped before everything was sent"),
    }
    Ok(())
}

fn report(ledgers: &[(&str, LedgerSnapshot)]) {
    for (signal, ledger) in ledgers {
        let (lost, left) = (ledger.lost_in_all(), ledger.held());
        tracing::info!(signal, entered = ledger.entered, recovered = ledger.recovered, accepted = ledger.accepted, lost, left, "drained");
    }
}

/// Ctrl-C, or the TERM of a service manager; by the names that Go gives them.
async fn stop_signal() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| "interrupt"),
        _ = terminate.recv() => Ok("terminated"),
    }
}

/// HUP reads the configuration again. One that cannot be used changes nothing.
async fn reload_on_signal(agent: &mut Agent, hangups: &mut Signal, read_again: impl Fn() -> Result<Config>) -> Infallible {
    loop {
        hangups.recv().await;
        tell_systemd(&[sd_notify::NotifyState::Reloading]);
        match reload(agent, &read_again).await {
            Ok(kept) if kept.is_empty() => tracing::info!("the configuration was read again and is in force"),
            Ok(kept) => tracing::warn!("the configuration was read again; these wait for a restart: {}", kept.join(", ")),
            Err(error) => tracing::error!("the configuration was read again and is not used: {error}"),
        }
        tell_systemd(&[sd_notify::NotifyState::Ready]);
    }
}

async fn reload(agent: &mut Agent, read_again: impl Fn() -> Result<Config>) -> Result<Vec<&'static str>> {
    Ok(agent.reload(read_again()?).await?)
}

/// USR1 writes the ledgers to the log.
fn dump_on_signal(agent: &Agent) -> Result<tokio::task::JoinHandle<()>> {
    let mut wanted = signal(SignalKind::user_defined1())?;
    let ledgers = agent.live_ledgers();
    Ok(tokio::spawn(async move {
        while wanted.recv().await.is_some() {
            for (signal, ledger) in &ledgers {
                tracing::info!(signal, ledger = ?ledger.snapshot(), "ledger");
            }
        }
    }))
}

/// Tells systemd that we live, twice as often as it wants to know. Without a watchdog it never ends.
async fn feed_watchdog() {
    let Some(every) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let mut ticks = tokio::time::interval(every / 2);
    loop {
        ticks.tick().await;
        tell_systemd(&[sd_notify::NotifyState::Watchdog]);
    }
}

fn tell_systemd(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}
