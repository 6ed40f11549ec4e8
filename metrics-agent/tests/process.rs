//! The agent as a process: started as the X-Ray daemon, stopped and killed in the middle of an outage, and what arrives in the end.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

/// Long enough for a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// X-Ray, on and off.
#[derive(Default)]
struct Sink {
    is_up: AtomicBool,
    loves_all: AtomicBool,
    /// The only access key that is not refused as expired.
    key: Mutex<Option<&'static str>>,
    ids: Mutex<BTreeSet<String>>,
    /// Calls of CloudWatch Logs by operation.
    operations: Mutex<BTreeMap<String, u32>>,
    /// Messages of PutLogEvents.
    lines: Mutex<BTreeSet<String>>,
}

/// X-Ray refuses what has this name, until it is told otherwise.
const UNLOVED: &str = "unloved";

async fn take(State(sink): State<Arc<Sink>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let authorization = headers["authorization"].to_str().unwrap();
    if sink.key.lock().unwrap().is_some_and(|key| !authorization.contains(&format!("Credential={key}/"))) {
        return (StatusCode::FORBIDDEN, [("x-amzn-errortype", "ExpiredTokenException")], "{}").into_response();
    }
    if !sink.is_up.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let documents = body["TraceSegmentDocuments"].as_array().unwrap().iter();
    let read = documents.map(|text| serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap());
    let (refused, taken): (Vec<_>, Vec<_>) =
        read.partition(|document| document["name"] == UNLOVED && !sink.loves_all.load(Ordering::SeqCst));
    sink.ids.lock().unwrap().extend(taken.iter().map(|document| document["id"].as_str().unwrap().to_owned()));
    let unprocessed: Vec<Value> = refused.iter().map(|document| json!({ "Id": document["id"], "ErrorCode": "InvalidSegment" })).collect();
    Json(json!({ "UnprocessedTraceSegments": unprocessed })).into_response()
}

/// PutLogEvents and what belongs to it.
async fn take_lines(State(sink): State<Arc<Sink>>, headers: HeaderMap, body: axum::body::Bytes) -> Response {
    let refused = |code: &'static str| (StatusCode::BAD_REQUEST, [("x-amzn-errortype", code)], "{}").into_response();
    let authorization = headers["authorization"].to_str().unwrap();
    if sink.key.lock().unwrap().is_some_and(|key| !authorization.contains(&format!("Credential={key}/"))) {
        return refused("ExpiredTokenException");
    }
    let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    *sink.operations.lock().unwrap().entry(operation.clone()).or_default() += 1;
    if !sink.is_up.load(Ordering::SeqCst) {
        return refused(if operation == "PutLogEvents" { "ResourceNotFoundException" } else { "AccessDeniedException" });
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let events = body["logEvents"].as_array().into_iter().flatten();
    sink.lines.lock().unwrap().extend(events.map(|event| event["message"].as_str().unwrap().to_owned()));
    Json(json!({})).into_response()
}

impl Sink {
    async fn serve() -> (Arc<Self>, String) {
        let sink = Arc::new(Self::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/TraceSegments", post(take))
            .route("/", post(take_lines))
            .fallback(|| async { Json(json!({})) })
            .with_state(Arc::clone(&sink));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (sink, address)
    }

    fn count(&self) -> usize {
        self.ids.lock().unwrap().len()
    }
}

struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    udp: SocketAddr,
    tcp: SocketAddr,
}

impl Running {
    async fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]).await
    }

    async fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_metrics-agent")), arguments, variables).await
    }

    /// With at most so many file descriptors.
    async fn start_with_descriptors(descriptors: u32, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {descriptors}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_metrics-agent")]);
        Self::start_by(command, arguments, &[("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]).await
    }

    async fn start_by(mut command: Command, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        command.args(arguments).env_remove("AWS_ACCESS_KEY_ID").envs(variables.iter().copied()).env("NO_COLOR", "1");
        command.env_remove("RUST_LOG").env_remove("STATE_DIRECTORY").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let outputs: [Box<dyn std::io::Read + Send>; 2] = [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let lines = Arc::clone(&lines);
            std::thread::spawn(move || {
                BufReader::new(output).lines().map_while(Result::ok).for_each(|line| lines.lock().unwrap().push(line))
            });
        }
        let found = until("the agent listens", || lines.lock().unwrap().iter().find(|line| line.contains("listening")).cloned()).await;
        let address = |name: &str| {
            let (_, rest) = found.split_once(&format!("{name}=")).unwrap();
            rest.split_whitespace().next().unwrap().parse().unwrap()
        };
        Self { udp: address("xray"), tcp: address("sampling"), child, lines }
    }

    fn send(&self, ids: std::ops::Range<u32>) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for id in ids {
            let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{}", document(id));
            socket.send_to(datagram.as_bytes(), self.udp).unwrap();
            // The kernel's buffer must not be what is tested.
            std::thread::park_timeout(Duration::from_micros(if id % 20 == 0 { 2_000 } else { 0 }));
        }
    }

    fn has_said(&self, text: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|line| line.contains(text))
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    async fn terminate(mut self) -> Vec<String> {
        self.signal("-TERM");
        until("the agent ends", || self.child.try_wait().unwrap()).await;
        self.lines.lock().unwrap().clone()
    }
}

fn document(id: u32) -> String {
    json!({ "name": "s", "id": format!("{id:016x}"), "trace_id": format!("1-5759e988-{id:024x}"), "start_time": 1.0, "end_time": 2.0 })
        .to_string()
}

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}: not within {SOON:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The agent's own configuration, on free ports.
fn own(folder: &Path, endpoint: &str, traces: &str) -> String {
    let path = folder.join("config.toml");
    let spool = folder.join("spool");
    let text = format!(
        "[aws]\nregion = \"us-east-1\"\nendpoint = \"{endpoint}\"\n[traces]\nudp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\nspool_folder = \"{}\"\n{traces}\n\
         [metrics]\nenabled = false\n[health]\nlisten = \"127.0.0.1:0\"\n",
        spool.display()
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The agent's own configuration, with all files of the folder `logs`.
fn with_logs(folder: &Path, endpoint: &str) -> String {
    let config = own(folder, endpoint, "spool = \"off\"");
    let own = std::fs::read_to_string(&config).unwrap();
    let files = format!(
        "[logs]\nstate = \"{0}/state\"\n[[logs.files]]\npaths = [\"{0}/logs/*.log\"]\ngroup = \"/app\"\nstream = \"s\"\n",
        folder.display()
    );
    std::fs::create_dir_all(folder.join("logs")).unwrap();
    std::fs::write(&config, own + &files).unwrap();
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_x_ray_daemons_flags_and_file_are_enough() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    sink.is_up.store(true, Ordering::SeqCst);
    let file = folder.path().join("cfg.yaml");
    let text =
        format!("Version: 2\nRegion: eu-west-1\nEndpoint: {endpoint}\nSocket:\n  UDPAddress: 127.0.0.1:9\n  TCPAddress: 127.0.0.1:0\n");
    std::fs::write(&file, text).unwrap();
    let agent = Running::start(&["-c", &file.display().to_string(), "-bind", "127.0.0.1:0", "-n=us-east-2", "-o", "-l", "prod"]).await;
    agent.send(0..50);
    until("all segments", || (sink.count() == 50).then_some(())).await;
    for line in ["[Info] Initializing AWS X-Ray daemon ", "[Info] Using region: us-east-2", "[Info] Successfully sent batch of "] {
        until(line, || agent.has_said(line).then_some(())).await;
    }
    assert!(agent.lines.lock().unwrap().iter().all(|line| !line.contains("statsd=")), "nothing but the daemon's ports");
    let lines = agent.terminate().await;
    assert!(lines.iter().any(|line| line.ends_with("[Info] Got shutdown signal: terminated")), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn x_rays_own_endpoint_in_the_environment_beats_that_of_all_services() {
    let (sink, endpoint) = Sink::serve().await;
    sink.is_up.store(true, Ordering::SeqCst);
    let variables = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_XRAY", &endpoint),
    ];
    let agent = Running::start_with(&["-b", "127.0.0.1:0", "-t", "127.0.0.1:0", "-n", "us-east-2", "-o"], &variables).await;
    agent.send(0..10);
    until("all segments", || (sink.count() == 10).then_some(())).await;
    agent.terminate().await;
}

#[test]
fn mistakes_end_it_with_the_daemons_codes_and_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cfg.yaml");
    std::fs::write(&file, "Version: 1\nSocket:\n  BufferSizeKB: 64\n").unwrap();
    let log = folder.path().join("x.log");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_metrics-agent")).args(arguments).output().unwrap();
        (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    };
    let (code, said) = run(&["-c", &file.display().to_string(), "-f", &log.display().to_string()]);
    assert_eq!(code, Some(1));
    assert!(said.contains("cfg.yaml:3: Socket.BufferSizeKB flag is not supported any more."), "{said}");
    assert!(std::fs::read_to_string(&log).unwrap().contains("[Error] "), "it is in the log file too");
    assert_eq!(run(&["-m", "2", "-n", "us-east-1"]).0, Some(1));
    assert_eq!(run(&["-nonsense"]).0, Some(2));
    assert_eq!(run(&["-b", "127.0.0.1:1", "-b", "127.0.0.1:2", "-f", "", "-version=true"]).0, Some(0));
    assert_eq!(run(&["--version"]).0, Some(0));
    assert_eq!(run(&["-h"]).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_an_outage_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    let config = own(folder.path(), &endpoint, "memory = 1");
    let first = Running::start(&["-c", &config, "--drain", "1"]).await;
    first.send(0..4_000);
    let lines = first.terminate().await;
    assert!(lines.iter().any(|line| line.contains("accepted=0 lost=0")), "{lines:#?}");
    sink.is_up.store(true, Ordering::SeqCst);
    let second = Running::start(&["-c", &config]).await;
    until("all segments", || (sink.count() == 4_000).then_some(())).await;
    assert!(!second.has_said("did not end in order"));
    second.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_read_again_is_in_force_for_what_is_held_too() {
    let folder = tempfile::tempdir().unwrap();
    let (down, first) = Sink::serve().await;
    let (up, second) = Sink::serve().await;
    up.is_up.store(true, Ordering::SeqCst);
    let config = own(folder.path(), &first, "");
    let agent = Running::start(&["-c", &config]).await;
    agent.send(0..500);
    until("it was tried", || agent.has_said("Sending segment batch failed").then_some(())).await;

    std::fs::write(&config, "[traces]\nconcurrency = many\n").unwrap();
    agent.signal("-HUP");
    until("the mistake", || agent.has_said("config.toml: TOML parse error at line 2").then_some(())).await;
    assert!(agent.has_said("is not used"));

    own(folder.path(), &second, "socket = \"/nowhere\"\nconcurrency = 2");
    agent.signal("-HUP");
    until("what waits for a restart", || agent.has_said("wait for a restart: traces.socket").then_some(())).await;
    agent.send(500..1_000);
    until("all segments", || (up.count() == 1_000).then_some(())).await;
    assert_eq!(down.count(), 0);
    agent.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_has_kept_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    let config = own(folder.path(), &endpoint, "spool = \"always\"");
    let first = Running::start(&["-c", &config]).await;
    let client = reqwest::Client::new();
    for batch in 0..10 {
        let documents: Vec<String> = (batch * 50..batch * 50 + 50).map(document).collect();
        let answer =
            client.post(format!("http://{}/TraceSegments", first.tcp)).json(&json!({ "TraceSegmentDocuments": documents })).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    first.kill();
    sink.is_up.store(true, Ordering::SeqCst);
    let second = Running::start(&["-c", &config]).await;
    until("all that was acknowledged", || (sink.count() == 500).then_some(())).await;
    assert!(second.has_said("did not end in order"));
    second.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_x_ray_refuses_is_kept_and_can_be_handed_over_again() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    sink.is_up.store(true, Ordering::SeqCst);
    let config = own(folder.path(), &endpoint, "");
    let agent = Running::start(&["-c", &config]).await;
    let unloved = document(7).replace("\"s\"", &format!("\"{UNLOVED}\""));
    let body = json!({ "TraceSegmentDocuments": [document(1), unloved, document(2)] });
    let url = format!("http://{}/TraceSegments", agent.tcp);
    let post = || reqwest::Client::new().post(&url).json(&body);
    let from_a_page = post().header("origin", "http://evil.test").send().await.unwrap();
    assert_eq!(from_a_page.status(), StatusCode::FORBIDDEN);
    assert!(post().send().await.unwrap().status().is_success());
    until("two of three", || (sink.count() == 2).then_some(())).await;
    let letters = folder.path().join("spool").join("dead-letters.jsonl");
    let kept = until("a dead letter", || std::fs::read_to_string(&letters).ok().filter(|text| text.ends_with('\n'))).await;
    let letter: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!((letter["reason"].as_str(), letter["document"].as_str()), (Some("refused_by_xray"), Some(&*unloved)));
    sink.loves_all.store(true, Ordering::SeqCst);
    let at = std::fs::read_to_string(&config).unwrap().replace("tcp = \"127.0.0.1:0\"", &format!("tcp = \"{}\"", agent.tcp));
    let running = folder.path().join("running.toml");
    std::fs::write(&running, at).unwrap();
    let replay = [running.as_os_str(), letters.as_os_str()];
    let output = Command::new(env!("CARGO_BIN_EXE_metrics-agent")).arg("-c").arg(replay[0]).arg("replay").arg(replay[1]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1 of 1 documents handed over\n");
    until("all three", || (sink.count() == 3).then_some(())).await;
    agent.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_refused_are_asked_for_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    sink.is_up.store(true, Ordering::SeqCst);
    *sink.key.lock().unwrap() = Some("OLD");
    let (profile, file) = (folder.path().join("profile"), folder.path().join("credentials.json"));
    std::fs::write(&profile, format!("[default]\ncredential_process = cat {}\n", file.display())).unwrap();
    let hold = |key: &str| {
        let credentials =
            json!({ "Version": 1, "AccessKeyId": key, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z" });
        std::fs::write(&file, credentials.to_string()).unwrap();
    };
    hold("OLD");
    let config = own(folder.path(), &endpoint, "spool = \"off\"");
    let agent = Running::start_with(&["-c", &config], &[("AWS_CONFIG_FILE", &profile.display().to_string())]).await;
    agent.send(0..50);
    until("what was sent with the old ones", || (sink.count() == 50).then_some(())).await;
    *sink.key.lock().unwrap() = Some("NEW");
    agent.send(50..100);
    until("a refusal", || agent.has_said("ExpiredTokenException").then_some(())).await;
    hold("NEW");
    until("what was sent with the new ones", || (sink.count() == 100).then_some(())).await;
    agent.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_log_files_starve_nobody_with_a_thousand_descriptors() {
    const FILES: u32 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    sink.is_up.store(true, Ordering::SeqCst);
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    for file in 0..FILES {
        std::fs::write(logs.join(format!("app-{file}.log")), format!("line {file}\n")).unwrap();
    }
    let config = with_logs(folder.path(), &endpoint);
    let agent = Running::start_with_descriptors(1_024, &["-c", &config]).await;
    agent.send(0..500);
    until("all segments", || (sink.count() == 500).then_some(())).await;
    until("all lines", || (sink.lines.lock().unwrap().len() == FILES as usize).then_some(())).await;
    let answer = reqwest::Client::new().post(format!("http://{}/GetSamplingRules", agent.tcp)).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!agent.has_said("Too many open files"), "{:#?}", agent.lines.lock().unwrap());
    agent.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_is_told_once_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    let config = with_logs(folder.path(), &endpoint);
    std::fs::write(folder.path().join("logs/app.log"), "line\n").unwrap();
    let agent = Running::start(&["-c", &config]).await;
    let made = || sink.operations.lock().unwrap().get("CreateLogStream").copied().unwrap_or_default();
    until("several attempts", || (made() >= 3).then_some(())).await;
    let told = || agent.lines.lock().unwrap().iter().filter(|line| line.contains("AccessDeniedException")).cloned().collect::<Vec<_>>();
    let lines = told();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    for part in ["logs:CreateLogStream", "/app:s", "allow logs:CreateLogStream in the policy"] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    sink.is_up.store(true, Ordering::SeqCst);
    until("the line", || (sink.lines.lock().unwrap().len() == 1).then_some(())).await;
    agent.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_logs_alone_finds_credentials_that_were_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    sink.is_up.store(true, Ordering::SeqCst);
    *sink.key.lock().unwrap() = Some("NEW");
    let credentials = folder.path().join("credentials");
    let hold =
        |key: &str| std::fs::write(&credentials, format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = s\n")).unwrap();
    hold("OLD");
    let config = with_logs(folder.path(), &endpoint);
    std::fs::write(folder.path().join("logs/app.log"), "line\n").unwrap();
    let agent = Running::start_with(&["-c", &config], &[("AWS_SHARED_CREDENTIALS_FILE", &credentials.display().to_string())]).await;
    until("the refusal", || agent.has_said("ExpiredTokenException").then_some(())).await;
    hold("NEW");
    until("the line", || (sink.lines.lock().unwrap().len() == 1).then_some(())).await;
    agent.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_certificates_of_authorities_is_no_hindrance() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    sink.is_up.store(true, Ordering::SeqCst);
    let config = own(folder.path(), &endpoint, "spool = \"off\"");
    let none = folder.path().join("none");
    std::fs::write(&none, "").unwrap();
    let none = none.display().to_string();
    let variables =
        [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("SSL_CERT_FILE", &*none), ("SSL_CERT_DIR", "/nowhere")];
    let agent = Running::start_with(&["-c", &config], &variables).await;
    assert!(agent.has_said("the agent's own are used"), "{:#?}", agent.lines.lock().unwrap());
    agent.send(0..10);
    until("all segments", || (sink.count() == 10).then_some(())).await;
    agent.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_have_no_colours_in_a_file_and_are_json_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let (_, endpoint) = Sink::serve().await;
    let config = own(folder.path(), &endpoint, "spool = \"off\"");
    let output = |arguments: &[&str]| {
        let mut command = Command::new("timeout");
        command
            .args(["-s", "TERM", "1", env!("CARGO_BIN_EXE_metrics-agent")])
            .args(arguments)
            .env_remove("NO_COLOR")
            .env_remove("RUST_LOG");
        command.envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")]);
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    let text = output(&["-c", &config]);
    assert!(text.contains("listening") && !text.contains('\u{1b}'), "{text}");
    let json = output(&["-c", &config, "--log-format", "json"]);
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["message"] == "listening" && line["level"] == "INFO"), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn alive_and_delivering_are_two_things() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, endpoint) = Sink::serve().await;
    let config = own(folder.path(), &endpoint, "spool = \"off\"");
    let health = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{health}\"\ndelivering_within = 1"));
    std::fs::write(&config, text).unwrap();
    let agent = Running::start(&["-c", &config]).await;
    let check = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_metrics-agent")).args(["-c", &config]).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(check(&["healthcheck"]).0 && check(&["healthcheck", "--delivering"]).0, "nothing to deliver yet");
    agent.send(0..10);
    let stuck = until("it is stuck", || Some(check(&["healthcheck", "--delivering"])).filter(|(is_good, _)| !is_good)).await;
    assert!(stuck.1.contains("not delivering: traces"), "{}", stuck.1);
    assert!(check(&["healthcheck"]).0, "and alive");
    sink.is_up.store(true, Ordering::SeqCst);
    until("it delivers", || check(&["healthcheck", "--delivering"]).0.then_some(())).await;
    agent.terminate().await;
}
