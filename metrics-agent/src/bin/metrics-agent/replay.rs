//! Hands documents of a file of dead letters to the running agent once more.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use metrics_agent::DeadLetter;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const AT_ONCE: usize = 50;
const TIMEOUT: Duration = Duration::from_secs(30);
/// The agent has no room for now.
const NO_ROOM: u16 = 429;
const AGAIN: Duration = Duration::from_secs(1);

/// Reads the whole file before anything is sent: a mistake in it sends nothing.
pub(crate) async fn run(file: &Path, agent: SocketAddr) -> Result<()> {
    let letters = read(file)?;
    let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
    let url = format!("http://{agent}/TraceSegments");
    let (mut done, mut refused) = (0, 0);
    for some in letters.chunks(AT_ONCE) {
        refused += post(&client, &url, some).await?;
        done += some.len();
        println!("{done} of {} documents handed over", letters.len());
    }
    if refused > 0 { Err(format!("the agent refused {refused} of them: no JSON objects").into()) } else { Ok(()) }
}

fn read(file: &Path) -> Result<Vec<DeadLetter>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let letter =
        |(at, line): (usize, &str)| serde_json::from_str(line).map_err(|error| format!("{}:{}: {error}", file.display(), at + 1).into());
    lines.map(letter).collect()
}

/// How many were refused. Without room at the agent it waits: these documents have waited before.
async fn post(client: &reqwest::Client, url: &str, letters: &[DeadLetter]) -> Result<usize> {
    let documents: Vec<&str> = letters.iter().map(|letter| &*letter.document).collect();
    let body = json!({ "TraceSegmentDocuments": documents }).to_string();
    loop {
        let answer = client.post(url).header("content-type", "application/json").body(body.clone()).send().await;
        let answer = answer.map_err(|error| format!("no agent answers at {url}: {error}"))?;
        if answer.status().as_u16() == NO_ROOM {
            tokio::time::sleep(AGAIN).await;
            continue;
        }
        let answer: Value = serde_json::from_str(&answer.error_for_status()?.text().await?)?;
        return Ok(answer["UnprocessedTraceSegments"].as_array().map_or(0, Vec::len));
    }
}
