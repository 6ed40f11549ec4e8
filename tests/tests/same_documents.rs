//! The X-Ray SDK for Python and ours make the same calls; each difference between their documents is listed, with its reason, in
//! `docs/beside-python.md`, and nothing is listed that is not so.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{aws_config as config, moto};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde_json::Value;
use telemetry_wire::document_of;
use xray_sdk::aws_sdk::TraceInterceptor;
use xray_sdk::reqwest::RequestBuilderExt as _;
use xray_sdk::sqlx::PoolExt as _;
use xray_sdk::testing::{MemoryEmitter, with_recorder};
use xray_sdk::{FutureExt as _, Segment};

/// In the order in which both programs make them.
const CALLS: [&str; 12] = [
    "GET 200",
    "GET 404",
    "PostgreSQL",
    "PostgreSQL, no table",
    "SQLite",
    "SQLite, no table",
    "PutItem",
    "GetItem, no table",
    "SendMessage",
    "PutObject",
    "Publish",
    "Invoke, no function",
];

/// Where both programs call.
struct Servers {
    http: u16,
    aws: u16,
    postgres: String,
    sqlite: String,
}

impl Servers {
    fn port_of_postgres(&self) -> &str {
        self.postgres.rsplit(':').next().unwrap().split('/').next().unwrap()
    }
}

async fn serve() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let orders = axum::Router::new().route("/orders/7", axum::routing::get(|| async { "order 7" }));
    tokio::spawn(async move { axum::serve(listener, orders).await });
    port
}

async fn python(servers: &Servers) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/same_calls.py");
    let mut command = tokio::process::Command::new(std::env::var("TEST_PYTHON").unwrap());
    command.arg(script).env("HTTP_PORT", servers.http.to_string()).env("AWS_PORT", servers.aws.to_string());
    let output = command.env("POSTGRES_URL", &servers.postgres).env("SQLITE_FILE", &servers.sqlite).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap().remove(0)
}

async fn make_the_same_calls(servers: &Servers) {
    let http = reqwest::Client::new();
    for path in ["orders/7", "missing"] {
        http.get(format!("http://127.0.0.1:{}/{path}", servers.http)).send_traced().await.unwrap();
    }
    let postgres = crate::support::databases::connect::<sqlx::Postgres>(&servers.postgres).await.traced();
    sqlx::query("SELECT 1 WHERE 's3cret' <> $1").bind("bound").execute(&postgres).await.unwrap();
    assert!(sqlx::query("SELECT * FROM missing").execute(&postgres).await.is_err());
    let sqlite = crate::support::databases::connect::<sqlx::Sqlite>(&format!("sqlite:{}", servers.sqlite)).await.traced();
    sqlx::query("SELECT 1 WHERE 's3cret' <> ?").bind("bound").execute(&sqlite).await.unwrap();
    assert!(sqlx::query("SELECT * FROM missing").execute(&sqlite).await.is_err());
    call_aws(&config(servers.aws)).await;
}

async fn call_aws(config: &SdkConfig) {
    macro_rules! client {
        ($service:ident) => {
            $service::Client::from_conf($service::config::Builder::from(config).interceptor(TraceInterceptor::new()).build())
        };
    }
    let dynamodb = client!(aws_sdk_dynamodb);
    let key = AttributeValue::S("s3cret".into());
    let put = dynamodb.put_item().table_name("orders").item("id", key.clone());
    put.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    let get = dynamodb.get_item().table_name("missing").key("id", key).consistent_read(true).projection_expression("id");
    assert!(get.send().await.is_err());
    let kind = aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value("s3cret").build().unwrap();
    let queue = format!("{}/123456789012/orders", config.endpoint_url().unwrap());
    let send = client!(aws_sdk_sqs).send_message().queue_url(queue).message_body("s3cret").delay_seconds(0);
    send.message_attributes("kind", kind).send().await.unwrap();
    let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(true).interceptor(TraceInterceptor::new()).build();
    let object = aws_sdk_s3::primitives::ByteStream::from_static(b"s3cret");
    aws_sdk_s3::Client::from_conf(s3).put_object().bucket("receipts").key("7.txt").body(object).send().await.unwrap();
    let topic = "arn:aws:sns:us-east-1:123456789012:orders";
    client!(aws_sdk_sns).publish().topic_arn(topic).message("s3cret").send().await.unwrap();
    let invoke = client!(aws_sdk_lambda).invoke().function_name("missing").invocation_type("RequestResponse".into());
    assert!(invoke.payload(aws_sdk_lambda::primitives::Blob::new("{}")).send().await.is_err());
}

/// Field by field, without ids and times, and without what differs from run to run or machine to machine.
fn fields(value: &Value, path: &str, servers: &Servers, into: &mut BTreeMap<String, String>) {
    let name = path.rsplit('.').next().unwrap_or_default();
    let shown = match value {
        _ if matches!(name, "id" | "trace_id" | "parent_id" | "start_time" | "end_time" | "subsegments") => return,
        Value::Object(members) => {
            let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            return members.iter().for_each(|(key, value)| fields(value, &at(key), servers, into));
        }
        Value::Array(exceptions) if name == "exceptions" => return fields(&exceptions[0], path, servers, into),
        _ if matches!(name, "request_id" | "message_id" | "stack" | "working_directory" | "content_length") => "there".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let ports = [servers.http.to_string(), servers.aws.to_string(), servers.port_of_postgres().to_owned()];
    let shown = ports.iter().fold(shown.replace(&servers.sqlite, "FILE"), |text, port| text.replace(port.as_str(), "PORT"));
    let shown = if name.ends_with("version") { shown.replace(|c: char| c.is_ascii_digit() || c == '.', "") + "#" } else { shown };
    into.insert(path.to_owned(), shown.split_whitespace().collect::<Vec<_>>().join(" "));
}

/// Rows of call, field, Python's value, ours.
fn differences(theirs: &[(&str, BTreeMap<String, String>)], ours: &[(&str, BTreeMap<String, String>)]) -> Vec<String> {
    let mut calls: BTreeMap<(String, String, String), Vec<&str>> = BTreeMap::new();
    for ((call, theirs), (_, ours)) in theirs.iter().zip(ours) {
        let names: std::collections::BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
        for name in names.into_iter().filter(|name| theirs.get(*name) != ours.get(*name)) {
            let shown =
                |side: &BTreeMap<String, String>| side.get(name).map_or_else(String::new, |value| format!("`{}`", value.replace('`', "'")));
            calls.entry((name.clone(), shown(theirs), shown(ours))).or_default().push(call);
        }
    }
    calls.into_iter().map(|((field, theirs, ours), calls)| format!("| {} | `{field}` | {theirs} | {ours} |", calls.join("; "))).collect()
}

/// The segment and the calls in it; of ours only what is a call.
fn by_call(segment: &Value, servers: &Servers) -> Vec<(&'static str, BTreeMap<String, String>)> {
    let calls = segment["subsegments"].as_array().unwrap().iter().filter(|call| call.get("namespace").is_some());
    let entities: Vec<_> = std::iter::once(segment).chain(calls).collect();
    assert_eq!(entities.len(), CALLS.len() + 1, "{segment:#}");
    let names = std::iter::once("segment").chain(CALLS);
    names
        .zip(entities)
        .map(|(name, entity)| {
            let mut found = BTreeMap::new();
            fields(entity, "", servers, &mut found);
            (name, found)
        })
        .collect()
}

#[test]
fn each_difference_to_python_is_listed_with_its_reason() {
    let (Some(moto), Some(postgres)) = (moto(), crate::support::databases::postgres()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let sqlite = folder.path().join("orders.db").display().to_string();
    let emitter = MemoryEmitter::default();
    let (_, _, (servers, theirs)) = with_recorder(
        |builder| builder.emitter(emitter.clone()),
        || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                crate::support::databases::connect::<sqlx::Postgres>(&postgres.url).await.close().await;
                let servers = Servers { http: serve().await, aws: moto.port, postgres: postgres.url.clone(), sqlite };
                let theirs = python(&servers).await;
                make_the_same_calls(&servers).in_segment(Segment::begin("shop")).await;
                (servers, theirs)
            })
        },
    );
    let datagram = emitter.take().remove(0);
    let ours: Value = serde_json::from_str(document_of(&datagram).unwrap()).unwrap();
    assert!(!format!("{ours}").contains("s3cret") && !format!("{theirs}").contains("s3cret"));

    let found = differences(&by_call(&theirs, &servers), &by_call(&ours, &servers));
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/beside-python.md")).unwrap_or_default();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| call ")).collect();
    let unlisted: Vec<_> = found.iter().filter(|row| !rows.iter().any(|listed| listed.starts_with(row.as_str()))).collect();
    let stale: Vec<_> = rows.iter().filter(|listed| !found.iter().any(|row| listed.starts_with(row.as_str()))).collect();
    let unjustified: Vec<_> = rows.iter().filter(|row| row.trim_end_matches(['|', ' ']).matches(" | ").count() < 4).collect();
    assert!(
        unlisted.is_empty() && stale.is_empty() && unjustified.is_empty(),
        "not listed: {unlisted:#?}\nnot so: {stale:#?}\nwithout a reason: {unjustified:#?}"
    );
}
