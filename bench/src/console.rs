//! How many segments the console takes through HTTP, into its store.

use std::error::Error;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::process::{Program, free_port, wait_for};

const BATCH: u64 = 50;
const CALLS: u64 = 1_200;
const AT_ONCE: u64 = 4;

/// Prints the table.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let address = free_port()?;
    let file = folder.path().join("console.db").display().to_string();
    let console = Program::start("xray-console", &["--listen", &address.to_string(), "--data", &file])?;
    wait_for(address)?;
    let before = console.processor_time()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let elapsed = runtime.block_on(load(&format!("http://{address}")))?;
    let spent = console.processor_time()? - before;
    let segments = (BATCH * CALLS) as f64;
    println!("### Console ingest\n\nPutTraceSegments with {BATCH} documents a call, {AT_ONCE} calls at once, data in a file.\n");
    println!("| segments | segments/s | CPU per segment | memory |\n|---|---|---|---|");
    let each = spent.as_secs_f64() * 1e6 / segments;
    println!("| {segments} | {:.0} | {each:.1} µs | {:.1} MB |", segments / elapsed.as_secs_f64(), console.memory()?);
    Ok(())
}

async fn load(endpoint: &str) -> Result<Duration, Box<dyn Error>> {
    let client = reqwest::Client::new();
    let bodies: Vec<String> = (0..CALLS).map(|call| body(call).to_string()).collect();
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for lane in bodies.chunks((CALLS / AT_ONCE) as usize) {
        let (client, url, lane) = (client.clone(), format!("{endpoint}/TraceSegments"), lane.to_vec());
        tasks.spawn(async move {
            for body in lane {
                let authorization =
                    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/xray/aws4_request, SignedHeaders=host, Signature=0";
                let answer = client.post(&url).header("authorization", authorization).body(body).send().await?.error_for_status()?;
                let answer: Value = serde_json::from_str(&answer.text().await?).unwrap_or_default();
                if answer["UnprocessedTraceSegments"].as_array().is_none_or(|refused| !refused.is_empty()) {
                    eprintln!("bench: the console refused: {answer}");
                }
            }
            Ok::<_, reqwest::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(began.elapsed())
}

fn body(call: u64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let documents: Vec<String> = (0..BATCH)
        .map(|number| {
            let id = call * BATCH + number + 1;
            json!({
                "name": "orders", "id": format!("{id:016x}"), "trace_id": format!("1-{now:08x}-{id:024x}"),
                "start_time": now as f64, "end_time": now as f64 + 0.1,
                "http": {"request": {"method": "GET", "url": "http://orders/7"}, "response": {"status": 200}},
                "annotations": {"tenant": format!("t{}", id % 10)},
                "subsegments": [{"name": "price", "id": format!("{:016x}", id | 1 << 60), "start_time": now as f64, "end_time": now as f64 + 0.05}],
            })
            .to_string()
        })
        .collect();
    json!({"TraceSegmentDocuments": documents})
}
