//! What a running agent tells.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// An agent that needs longer is not well.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks whether the agent is alive, or whether it delivers.
pub(crate) async fn health(at: SocketAddr, is_delivering: bool) -> Result<()> {
    get(at, if is_delivering { "/healthz/delivering" } else { "/healthz" }).await.map(drop)
}

/// Prints the ledgers.
pub(crate) async fn status(at: SocketAddr) -> Result<()> {
    let status: Value = serde_json::from_str(&get(at, "/status").await?)?;
    println!("{:<10}{:>14}{:>14}{:>14}{:>14}{:>14}{:>14}", "", "received", "from before", "sent", "lost", "held", "of it on disk");
    for ledger in status["signals"].as_array().into_iter().flatten() {
        let count = |name: &str| ledger[name].as_u64().unwrap_or_default();
        let signal = ledger["signal"].as_str().unwrap_or_default();
        let numbers = ["entered", "recovered", "accepted", "lost", "held", "disk_items"].map(count);
        println!("{signal:<10}{}", numbers.map(|number| format!("{number:>14}")).concat());
    }
    for ledger in status["signals"].as_array().into_iter().flatten() {
        for (reason, count) in ledger["lost_by_reason"].as_object().into_iter().flatten() {
            println!("lost       {} {} {reason}", count, ledger["signal"].as_str().unwrap_or_default());
        }
    }
    for ledger in status["signals"].as_array().into_iter().flatten() {
        for (reason, bytes) in ledger["unread_bytes_by_reason"].as_object().into_iter().flatten() {
            println!("lost       {} bytes of {}, {reason}", bytes, ledger["signal"].as_str().unwrap_or_default());
        }
    }
    for signal in status["stuck"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        println!("stuck      {signal}: nothing was accepted for longer than health.delivering_within; the log says why");
    }
    if let Some(drops) = status["kernel_drops"].as_u64().filter(|drops| *drops > 0) {
        println!("lost       {drops} datagrams in the kernel, before they were read");
    }
    Ok(())
}

async fn get(at: SocketAddr, path: &str) -> Result<String> {
    let host = if at.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { at.ip() };
    let url = format!("http://{}{path}", SocketAddr::new(host, at.port()));
    let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().tls_certs_only([]).build()?;
    let failed = |error: reqwest::Error| format!("no agent answers at {url}: {}", root_of(&error));
    let answer = client.get(&url).send().await.map_err(failed)?;
    let status = answer.status();
    let text = answer.text().await.map_err(failed)?;
    if status.is_success() { Ok(text) } else { Err(format!("{url} answers {status}: {}", text.trim_end()).into()) }
}

/// What is wrong, without what was tried.
fn root_of(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_of)
}
