//! Log files through rotation and restart into the console: every line by its number.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use crate::support::{SOON, config, console, until};
use metrics_agent::{Agent, Config, FileConfig};
use serde_json::{Value, json};

fn write(path: &Path, lines: std::ops::Range<u32>) {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    for line in lines {
        writeln!(file, "line {line}").unwrap();
    }
}

fn tailing(endpoint: &str, folder: &Path) -> Config {
    let mut config = config(endpoint);
    config.logs.state = Some(folder.join("state"));
    config.logs.files = vec![FileConfig::new(vec![folder.join("app.log").display().to_string()], "/app", "host")];
    config
}

/// How often each line is there.
async fn arrived(endpoint: &str) -> BTreeMap<String, u32> {
    let mut lines = BTreeMap::new();
    let mut token = Value::Null;
    loop {
        let call = reqwest::Client::new().post(format!("{endpoint}/")).header("x-amz-target", "Logs_20140328.FilterLogEvents");
        let answer = call
            .header("content-type", "application/x-amz-json-1.1")
            .body(json!({ "logGroupName": "/app", "nextToken": token }).to_string());
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        for event in answer["events"].as_array().into_iter().flatten() {
            *lines.entry(event["message"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        token = answer["nextToken"].clone();
        if token.is_null() {
            return lines;
        }
    }
}

#[tokio::test]
async fn lines_survive_renames_deletion_and_restarts_of_the_agent() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");

    write(&path, 0..100);
    let agent = Agent::start(tailing(&endpoint, folder.path())).await.unwrap();
    until("the first lines", || async { arrived(&endpoint).await.len() == 100 }).await;
    let overview: Value = reqwest::get(format!("{endpoint}/api/overview")).await.unwrap().json().await.unwrap();
    let rejections = overview["news"]["rejections"].to_string();
    let is_shown = ["PutLogEvents", "CreateLog"].iter().any(|operation| rejections.contains(operation));
    assert!(!is_shown, "the first put makes group and stream, which is no rejection: {rejections}");

    std::fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    write(&folder.path().join("app.log.1"), 100..150);
    write(&path, 150..200);
    until("lines of both files", || async { arrived(&endpoint).await.len() == 200 }).await;
    agent.drain(SOON).await;

    write(&path, 200..250);
    std::fs::rename(&path, folder.path().join("app.log.2")).unwrap();
    write(&path, 250..300);
    let agent = Agent::start(tailing(&endpoint, folder.path())).await.unwrap();
    until("lines rotated away while the agent was down", || async { arrived(&endpoint).await.len() == 300 }).await;

    std::fs::remove_file(&path).unwrap();
    write(&path, 300..310);
    until("lines of a file made anew", || async { arrived(&endpoint).await.len() == 310 }).await;
    agent.drain(SOON).await;
    let lines = arrived(&endpoint).await;
    assert!(lines.values().all(|count| *count == 1), "nothing twice after orderly stops: {lines:?}");
    console.stop().await;
}

#[tokio::test]
async fn files_can_be_added_while_the_agent_runs_and_no_line_comes_twice() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(&folder.path().join("app.log"), 0..100);
    let mut agent = Agent::start(tailing(&endpoint, folder.path())).await.unwrap();
    until("the first lines", || async { arrived(&endpoint).await.len() == 100 }).await;

    let mut config = tailing(&endpoint, folder.path());
    config.logs.files.extend(tailing(&endpoint, other.path()).logs.files);
    write(&other.path().join("app.log"), 100..150);
    write(&folder.path().join("app.log"), 150..200);
    assert!(agent.reload(config.clone()).await.unwrap().is_empty());
    until("lines of both files", || async { arrived(&endpoint).await.len() == 200 }).await;

    config.logs.files[1].paths = vec!["[".into()];
    assert!(agent.reload(config).await.unwrap_err().to_string().contains("the pattern `[`"));
    write(&other.path().join("app.log"), 200..210);
    until("lines of a file that a mistake would have left out", || async { arrived(&endpoint).await.len() == 210 }).await;
    agent.drain(SOON).await;
    let lines = arrived(&endpoint).await;
    assert!(lines.values().all(|count| *count == 1), "{lines:?}");
    console.stop().await;
}

#[tokio::test]
async fn a_line_of_two_megabytes_arrives_in_parts() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.log"), "x".repeat(2 << 20) + "\nlast\n").unwrap();
    let agent = Agent::start(tailing(&endpoint, folder.path())).await.unwrap();
    until("the last line", || async { arrived(&endpoint).await.contains_key("last") }).await;
    agent.drain(SOON).await;
    let bytes: usize = arrived(&endpoint).await.iter().map(|(line, count)| line.len() * *count as usize).sum();
    assert_eq!(bytes, (2 << 20) + "last".len());
    console.stop().await;
}
