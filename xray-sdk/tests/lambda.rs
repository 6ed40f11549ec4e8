//! A real `lambda_runtime` function as a process of its own, driven by a strict stand-in for the Runtime API.
//!
//! The runtime reads its endpoint from the environment only, so this file starts itself again: the test `function` is the function.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use telemetry_wire::{Document, document_of};
use tokio::sync::Notify;
use xray_sdk::lambda::{FlushLayer, SnapStart, TraceHandler};

/// What the function does: answers with the header that it would pass on, fails or panics when told to, waits when told to.
async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let command = event.payload["do"].as_str().unwrap_or_default().to_owned();
    let _inside = xray_sdk::Subsegment::begin("inside");
    match command.as_str() {
        "fail" => Err(Refused(std::io::Error::other("no money")).into()),
        "panic" => panic!("on purpose"),
        "hang" => {
            (0..20).for_each(|_| drop(xray_sdk::subsegment("finished")));
            std::future::pending().await
        }
        "wait" => {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(json!(xray_sdk::Context::current().trace_header_text()))
        }
        "message" => {
            let sampled = |header: &str| {
                xray_sdk::lambda::message("message", &HashMap::from([("AWSTraceHeader".to_owned(), header.to_owned())])).is_recording()
            };
            Ok(json!([
                sampled("Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Sampled=1"),
                sampled("Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Sampled=0")
            ]))
        }
        _ => Ok(json!(xray_sdk::Context::current().trace_header_text())),
    }
}

#[derive(Debug)]
struct Refused(std::io::Error);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// An emitter whose collector is away: it keeps everything, and a flush waits as long as it may.
struct Away;

impl xray_sdk::Emitter for Away {
    fn emit(&self, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    fn flush(&self, within: Duration) -> bool {
        std::thread::park_timeout(within);
        false
    }

    fn left(&self) -> usize {
        1
    }
}

/// Not a test: what the child process runs.
#[tokio::test]
async fn function() {
    let Ok(mode) = std::env::var("TEST_LAMBDA_MODE") else { return };
    let builder = xray_sdk::builder("function");
    let _xray = if mode == "away" { builder.emitter(Away) } else { builder }.install().unwrap();
    let handler = TraceHandler::new(service_fn(handle));
    if mode == "concurrent" {
        lambda_runtime::run_concurrent(handler).await.unwrap();
    } else {
        let runtime =
            lambda_runtime::Runtime::new(handler).layer(FlushLayer::new()).register_snapstart_resource(Arc::new(SnapStart::new()));
        runtime.run().await.unwrap();
    }
}

#[derive(Clone)]
struct Invocation {
    id: String,
    header: Option<String>,
    body: Value,
}

/// The answer to an invocation, and the documents that had arrived when it came.
struct Answer {
    path: String,
    body: Value,
    documents: Vec<Document>,
}

struct Api {
    waiting: Mutex<VecDeque<Invocation>>,
    open: Mutex<Vec<String>>,
    answers: Mutex<HashMap<String, Answer>>,
    answered: Notify,
    daemon: UdpSocket,
    restores: bool,
}

impl Api {
    fn received(&self) -> Vec<Document> {
        let mut buffer = vec![0; 65_536];
        let mut documents = Vec::new();
        while let Ok(length) = self.daemon.recv(&mut buffer) {
            documents.push(Document::parse(document_of(&buffer[..length]).unwrap().as_bytes()).unwrap());
        }
        documents
    }

    fn answer(&self, id: String, path: &str, body: &str) -> Response {
        let mut open = self.open.lock().unwrap();
        let Some(place) = open.iter().position(|known| *known == id) else {
            return (StatusCode::BAD_REQUEST, r#"{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#).into_response();
        };
        open.remove(place);
        let answer = Answer { path: path.to_owned(), body: serde_json::from_str(body).unwrap(), documents: self.received() };
        self.answers.lock().unwrap().insert(id, answer);
        self.answered.notify_one();
        (StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n").into_response()
    }
}

/// Holds the connection when there is nothing to do, as Lambda does.
async fn next(State(api): State<Arc<Api>>) -> Response {
    let invocation = api.waiting.lock().unwrap().pop_front();
    let Some(invocation) = invocation else { return std::future::pending().await };
    api.open.lock().unwrap().push(invocation.id.clone());
    let mut headers = HeaderMap::new();
    headers.insert("lambda-runtime-aws-request-id", invocation.id.parse().unwrap());
    let deadline = if invocation.body["do"] == "hang" { kill_in_a_second(api, invocation.id.clone()) } else { 4_102_444_800_000 };
    headers.insert("lambda-runtime-deadline-ms", deadline.into());
    headers.insert("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:f".parse().unwrap());
    if let Some(header) = &invocation.header {
        headers.insert("lambda-runtime-trace-id", header.parse().unwrap());
    }
    (headers, axum::Json(invocation.body)).into_response()
}

/// Ends the invocation at its deadline, as Lambda does, and returns that in milliseconds since 1970.
fn kill_in_a_second(api: Arc<Api>, id: String) -> u64 {
    let limit = Duration::from_secs(1);
    tokio::spawn(async move {
        tokio::time::sleep(limit).await;
        let answer = Answer { path: "killed".to_owned(), body: Value::Null, documents: api.received() };
        api.answers.lock().unwrap().insert(id, answer);
        api.answered.notify_one();
    });
    #[expect(clippy::disallowed_methods, reason = "Lambda's clock is its own")]
    let now = std::time::SystemTime::now();
    u64::try_from((now.duration_since(std::time::UNIX_EPOCH).unwrap() + limit).as_millis()).unwrap()
}

/// Runs a function over the invocations and gives what came back, by id.
fn run(mode: &str, invocations: &[(&str, Option<&str>, Value)]) -> HashMap<String, Answer> {
    let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
    daemon.set_nonblocking(true).unwrap();
    let daemon_address = daemon.local_addr().unwrap();
    let waiting = invocations.iter().map(|(id, header, body)| Invocation {
        id: (*id).to_owned(),
        header: header.map(str::to_owned),
        body: body.clone(),
    });
    let api = Api {
        waiting: Mutex::new(waiting.collect()),
        open: Mutex::default(),
        answers: Mutex::default(),
        answered: Notify::new(),
        daemon,
        restores: mode == "snapstart",
    };
    let api = Arc::new(api);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut function = start(mode, listener.local_addr().unwrap(), daemon_address);
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/restore/next",
                get(async |State(api): State<Arc<Api>>| if api.restores { StatusCode::OK } else { StatusCode::FORBIDDEN }),
            )
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(async |State(api): State<Arc<Api>>, Path(id), body: String| api.answer(id, "response", &body)),
            )
            .route(
                "/2018-06-01/runtime/invocation/{id}/error",
                post(async |State(api): State<Arc<Api>>, Path(id), body: String| api.answer(id, "error", &body)),
            )
            .with_state(Arc::clone(&api));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let done = async {
            while api.answers.lock().unwrap().len() < invocations.len() {
                api.answered.notified().await;
            }
        };
        let is_done = tokio::time::timeout(Duration::from_secs(30), done).await;
        function.kill().unwrap();
        function.wait().unwrap();
        assert!(is_done.is_ok(), "the function did not answer everything");
    });
    std::mem::take(&mut *api.answers.lock().unwrap())
}

fn start(mode: &str, api: SocketAddr, daemon: SocketAddr) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["lambda::function", "--exact", "--nocapture"]).env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    command.envs([
        ("TEST_LAMBDA_MODE", mode),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("_X_AMZN_TRACE_ID", "Root=1-00000001-000000000000000000000001;Parent=0000000000000001;Sampled=1"),
    ]);
    command.env("AWS_LAMBDA_RUNTIME_API", api.to_string()).env("AWS_XRAY_DAEMON_ADDRESS", daemon.to_string());
    match mode {
        "concurrent" => command.env("AWS_LAMBDA_MAX_CONCURRENCY", "2"),
        "snapstart" => command.env("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"),
        _ => &mut command,
    };
    command.spawn().unwrap()
}

const FIRST: &str = "Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=abc:1";
const SECOND: &str = "Root=1-6b043ab7-00000000000000000000beef;Parent=0000000000000042;Sampled=1";

/// The one document of an invocation.
fn document(answer: &Answer) -> &Document {
    assert_eq!(answer.documents.len(), 1, "{:?}", answer.documents);
    &answer.documents[0]
}

#[test]
fn each_invocation_is_a_subsegment_below_lambdas_own_segment_and_sent_before_the_answer() {
    let answers = run(
        "plain",
        &[
            ("cold", Some(FIRST), json!({})),
            ("warm", Some(SECOND), json!({"do": "message"})),
            ("fail", Some(FIRST), json!({"do": "fail"})),
            ("panic", Some(FIRST), json!({"do": "panic"})),
            ("unsampled", Some("Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Parent=53995c3f42cd8ad8;Sampled=0"), json!({})),
            ("open", Some("Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Lineage=abc:1"), json!({})),
            ("with-parent", Some("Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Parent=53995c3f42cd8ad8"), json!({})),
            ("without-parent", Some("Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Sampled=1"), json!({})),
            ("blank", Some(""), json!({})),
            ("none", None, json!({})),
        ],
    );
    let cold = document(&answers["cold"]);
    assert_eq!(
        (cold.name.as_str(), cold.kind.is_some(), cold.parent_id.unwrap().to_string()),
        ("handler", true, "53995c3f42cd8ad8".to_owned())
    );
    assert_eq!((cold.annotations["cold_start"].clone(), cold.metadata["lambda"]["request_id"].clone()), (true.into(), json!("cold")));
    assert!(cold.child("inside").is_some());
    let passed_on = answers["cold"].body.as_str().unwrap();
    assert!(passed_on.contains(&format!("Parent={}", cold.id)) && passed_on.ends_with("Lineage=abc:1"), "{passed_on}");
    let warm = document(&answers["warm"]);
    assert_eq!(
        (warm.annotations["cold_start"].clone(), warm.parent_id.unwrap().to_string()),
        (false.into(), "0000000000000042".to_owned())
    );
    assert_eq!((&answers["warm"].body, warm.child("message").is_some()), (&json!([true, false]), true));
    assert!(document(&answers["fail"]).fault && answers["fail"].path == "error");
    let exceptions = document(&answers["fail"]).cause.as_ref().unwrap().exceptions();
    let texts: Vec<_> = exceptions.iter().map(|exception| exception.message.as_deref().unwrap()).collect();
    assert_eq!(texts, ["refused", "no money"]);
    assert!(document(&answers["panic"]).fault && answers["panic"].path == "error");
    for id in ["unsampled", "open", "blank", "none"] {
        assert!(answers[id].documents.is_empty(), "{id}");
    }
    assert!(answers["unsampled"].body.as_str().unwrap().ends_with("Sampled=0"));
    assert_eq!(answers["open"].body, "Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Lineage=abc:1");
    assert_eq!(answers["with-parent"].body, "Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Parent=53995c3f42cd8ad8");
    assert_eq!(answers["without-parent"].body, "Root=1-6b043ab7-2b32fe46c61b681eeb79240c;Sampled=1");
    assert_eq!((&answers["blank"].body, &answers["none"].body), (&Value::Null, &Value::Null), "never the environment's");
}

#[test]
fn invocations_at_once_keep_their_traces_apart() {
    let answers = run("concurrent", &[("a", Some(FIRST), json!({"do": "wait"})), ("b", Some(SECOND), json!({"do": "wait"}))]);
    let documents: Vec<&Document> = answers.values().flat_map(|answer| &answer.documents).collect();
    assert_eq!(documents.len(), 2);
    for document in documents {
        let request = document.metadata["lambda"]["request_id"].as_str().unwrap();
        let expected = if request == "a" { FIRST } else { SECOND };
        assert!(expected.contains(&document.parent_id.unwrap().to_string()) && expected.contains(&document.trace_id.unwrap().to_string()));
        assert!(answers[request].body.as_str().unwrap().contains(&document.id.to_string()));
    }
}

#[test]
fn what_is_finished_leaves_before_lambda_kills_the_function() {
    let answers = run("plain", &[("hang", Some(FIRST), json!({"do": "hang"}))]);
    let documents = &answers["hang"].documents;
    let handler = documents.iter().find(|document| document.name == "handler").unwrap();
    assert_eq!((handler.in_progress, handler.parent_id.unwrap().to_string()), (true, "53995c3f42cd8ad8".to_owned()));
    let finished: Vec<_> = documents.iter().filter(|document| document.name == "finished").collect();
    assert_eq!(finished.len(), 20);
    assert!(finished.iter().all(|document| document.trace_id == handler.trace_id && document.end_time.is_some()));
}

/// The deadline is decades away: a flush that waits for it never ends.
#[test]
fn a_collector_that_is_away_holds_up_no_invocation_for_long() {
    let answers = run("away", &["a", "b", "c"].map(|id| (id, Some(FIRST), json!({}))));
    assert!(answers.values().all(|answer| answer.path == "response"));
}

#[test]
fn a_restored_sandbox_serves_on() {
    let answers = run("snapstart", &[("restored", Some(FIRST), json!({}))]);
    assert_eq!(document(&answers["restored"]).annotations["cold_start"], true.into());
}
