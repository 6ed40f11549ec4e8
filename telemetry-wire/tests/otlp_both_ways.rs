//! Documents to spans and back, and spans that nobody should send.

#![cfg(feature = "otlp")]
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use telemetry_wire::otlp::{
    AnyValue, ArrayValue, DocumentMapping, Documents, ExportTraceServiceRequest, KeyValue, KeyValueList, Message as _, Resource, Span,
    SpanEvent, SpanStatus, any_value, codes, request, resource_of, spans_of,
};
use telemetry_wire::{Document, check_document};

fn there_and_back(document: &Document) -> Vec<Document> {
    let bytes = request(resource_of(document), spans_of(document)).encode_to_vec();
    let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
    documents(&DocumentMapping::default().documents_of(&request))
}

fn documents(mapped: &Documents) -> Vec<Document> {
    mapped.documents.iter().map(|document| Document::parse(document.text.as_bytes()).unwrap()).collect()
}

/// What OTLP can say of any entity: half of the fields at a time.
fn fields() -> impl Strategy<Value = Map<String, Value>> {
    let flags = prop_oneof![
        Just(json!({})),
        Just(json!({"fault": true})),
        Just(json!({"error": true})),
        Just(json!({"error": true, "throttle": true})),
        Just(json!({"error": true, "fault": true}))
    ];
    let cause = json!({"cause": {"exceptions": [
        {"id": "00000000000000ee", "type": "Refused", "message": "no funds", "cause": "00000000000000ef", "truncated": 3,
         "stack": [{"path": "src/a.rs", "line": 7, "label": "shop::pay"}, {"path": "src/main.rs", "label": "main"}, {"label": "start"}]},
        {"id": "00000000000000ef", "type": "Io", "message": "broken\npipe", "remote": true, "skipped": 2}]}});
    let pairs = json!({"annotations": {"tenant": "t1", "rows": -3, "hit": true, "share": 0.25},
        "metadata": {"default": {"a": [1, null, {"b": "é"}]}, "other": {"deep": {"er": {}}}}});
    let links = json!({"links": [{"trace_id": "1-581cf771-a006649127e371903a2de97a", "id": "0000000000000002"}]});
    let blocks = prop::sample::subsequence(vec![cause, pairs, links], 0..=3);
    (flags, blocks, 0_u32..1_000_000, 0_u32..5_000_000).prop_map(|(flags, blocks, start, took)| {
        let mut all = Map::new();
        for block in blocks.into_iter().chain([flags]) {
            all.extend(block.as_object().unwrap().clone());
        }
        let start = 1_478_293_361_000_000 + u64::from(start);
        all.insert("start_time".into(), (start as f64 / 1e6).into());
        all.insert("end_time".into(), ((start + u64::from(took)) as f64 / 1e6).into());
        all
    })
}

/// What a subsegment may be.
fn kind() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"name": "decode"})),
        Just(json!({"name": "payments", "namespace": "remote", "traced": true,
            "http": {"request": {"method": "GET", "url": "https://payments:8443/charge", "user_agent": "shop/1"},
                     "response": {"status": 429, "content_length": 12}}})),
        Just(json!({"name": "orders@db", "namespace": "remote",
            "sql": {"url": "postgresql://db:5432/orders", "database_type": "postgresql", "user": "shop", "sanitized_query": "SELECT ?"}})),
        Just(json!({"name": "local.db", "namespace": "remote", "sql": {"database_type": "sqlite", "connection_string": "file:a.db"}})),
        Just(json!({"name": "DynamoDB", "namespace": "aws",
            "aws": {"operation": "PutItem", "region": "eu-west-1", "table_name": "orders", "retries": 2, "request_id": "R"}})),
        Just(json!({"name": "S3", "namespace": "aws", "aws": {"operation": "GetObject", "id_2": "x", "account_id": "123456789012",
            "resource_names": ["bucket"], "queue_url": "https://q", "table_names": ["a", "b"]}})),
    ]
}

/// Where a process may run.
fn place() -> impl Strategy<Value = Value> {
    let xray = json!({"sdk": "X-Ray for Python", "sdk_version": "2.1", "sampling_rule_name": "busy"});
    prop_oneof![
        Just(json!({})),
        Just(json!({"origin": "AWS::EC2::Instance", "aws": {"xray": xray,
            "ec2": {"instance_id": "i-1", "availability_zone": "eu-west-1a", "instance_size": "m5.large", "ami_id": "ami-1"}}})),
        Just(json!({"origin": "AWS::ECS::Fargate", "service": {"version": "1.2", "runtime": "rustc", "runtime_version": "1.95"},
            "aws": {"account_id": "123456789012", "cloudwatch_logs": [{"log_group": "/a", "arn": "arn:a"}, {"log_group": "/b", "arn": "arn:b"}],
            "ecs": {"container": "c", "container_id": "f00", "container_arn": "arn:c", "task_arn": "arn:t", "task_family": "shop",
                    "cluster_arn": "arn:k", "launch_type": "FARGATE", "availability_zone": "eu-west-1a"}}})),
        Just(json!({"origin": "AWS::EKS::Container", "aws": {"eks": {"cluster_name": "k", "pod": "shop-1", "container_id": "f00"}}})),
        Just(json!({"origin": "AWS::ElasticBeanstalk::Environment", "service": {"version": "v7"},
            "aws": {"elastic_beanstalk": {"environment_name": "prod", "version_label": "v7", "deployment_id": 32}}})),
        Just(json!({"origin": "AWS::AppRunner::Service", "resource_arn": "arn:aws:apprunner:x"})),
    ]
}

fn merged(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut all = Map::new();
    parts.into_iter().for_each(|part| all.extend(part.as_object().unwrap().clone()));
    Value::Object(all)
}

fn subsegment() -> impl Strategy<Value = Value> {
    let leaf = (fields(), kind()).prop_map(|(fields, kind)| merged([Value::Object(fields), kind]));
    leaf.prop_recursive(4, 24, 4, |inner| {
        (fields(), kind(), prop::collection::vec(inner, 1..4))
            .prop_map(|(fields, kind, children)| merged([Value::Object(fields), kind, json!({ "subsegments": children })]))
    })
}

fn segment() -> impl Strategy<Value = Value> {
    let request = prop_oneof![
        Just(json!({})),
        Just(
            json!({"user": "ada", "http": {"request": {"method": "POST", "url": "http://shop/orders", "client_ip": "10.0.0.1"}, "response": {"status": 500}}})
        ),
        Just(
            json!({"http": {"request": {"method": "POST", "client_ip": "10.0.0.1", "x_forwarded_for": true}, "response": {"status": 404}}})
        ),
    ];
    let own = json!({"trace_id": "1-581cf771-a006649127e371903a2de979", "name": "shop"});
    (fields(), place(), request, prop::collection::vec(subsegment(), 0..4), any::<bool>()).prop_map(
        move |(fields, place, request, children, has_parent)| {
            let parent = if has_parent { json!({"parent_id": "00000000000000aa"}) } else { json!({}) };
            let children = if children.is_empty() { json!({}) } else { json!({ "subsegments": children }) };
            merged([Value::Object(fields), own.clone(), place, request, parent, children])
        },
    )
}

/// With the flags that a status implies.
fn outspoken(mut document: Document) -> Document {
    let flags = document.flags();
    (document.error, document.fault, document.throttle) = (flags.error, flags.fault, flags.throttle);
    document.subsegments = document.subsegments.into_iter().map(outspoken).collect();
    document
}

/// Gives ids, sorts children as documents of spans have them.
fn finished(value: &mut Value, next: &mut u64) {
    *next += 1;
    value["id"] = format!("{next:016x}").into();
    if let Some(children) = value.get_mut("subsegments").and_then(Value::as_array_mut) {
        children.sort_by(|a, b| a["start_time"].as_f64().unwrap().total_cmp(&b["start_time"].as_f64().unwrap()));
        children.iter_mut().for_each(|child| finished(child, next));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_both_can_say_survives_the_way_there_and_back(mut value in segment()) {
        finished(&mut value, &mut 0x100);
        let document = Document::parse(value.to_string().as_bytes()).unwrap();
        prop_assert_eq!(there_and_back(&document), [outspoken(document)]);
    }

    #[test]
    fn an_independent_subsegment_stays_one(mut value in subsegment()) {
        finished(&mut value, &mut 0x100);
        let own = json!({"type": "subsegment", "trace_id": "1-581cf771-a006649127e371903a2de979", "parent_id": "00000000000000aa"});
        let document = Document::parse(merged([value, own]).to_string().as_bytes()).unwrap();
        prop_assert_eq!(there_and_back(&document), [outspoken(document)]);
    }

    #[test]
    fn no_bytes_panic_and_no_span_is_uncounted(bytes: Vec<u8>, spans in prop::collection::vec(hostile_span(), 0..40)) {
        if let Ok(request) = ExportTraceServiceRequest::decode(bytes.as_slice()) {
            assert_all_counted(&request, &DocumentMapping::default());
        }
        let request = request(Resource::default(), spans);
        for document_bytes in [0, 300, 1_000, 65_536] {
            assert_all_counted(&request, &DocumentMapping { document_bytes, indexes_all: true, ..DocumentMapping::default() });
        }
    }
}

/// Few ids, so that parents are missing, doubled, their own or in a circle.
fn hostile_span() -> impl Strategy<Value = Span> {
    let id = || prop_oneof![(0_u64..8).prop_map(|id| id.to_be_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..10)];
    let key = prop_oneof!["http\\.(url|status_code)", "db\\.system", "url\\.full", "aws\\.xray\\.(annotations|metadata\\.a|flags)", ".*"];
    let value = prop_oneof![
        ".*".prop_map(any_value::Value::String),
        any::<f64>().prop_map(any_value::Value::Double),
        any::<i64>().prop_map(any_value::Value::Int),
        any::<Vec<u8>>().prop_map(any_value::Value::Bytes)
    ];
    let attribute = (key, prop::option::of(value)).prop_map(|(key, value)| KeyValue { key, value: Some(AnyValue { value }) });
    let attributes = || prop::collection::vec(attribute.clone(), 0..5);
    let event = attributes().prop_map(|attributes| SpanEvent { name: "exception".into(), attributes, ..SpanEvent::default() });
    (id(), id(), ".*", (any::<u64>(), any::<u64>()), any::<i32>(), attributes(), prop::option::of(event), any::<u32>()).prop_map(
        |(span_id, parent_span_id, name, (start, end), kind, attributes, event, flags)| Span {
            trace_id: vec![1; 16],
            span_id,
            parent_span_id,
            name,
            kind: kind % 6,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            events: event.into_iter().collect(),
            flags,
            status: Some(SpanStatus { message: "m".into(), code: kind % 3 }),
            ..Span::default()
        },
    )
}

/// Each span is in exactly one document or counted, and documents are what X-Ray takes.
fn assert_all_counted(request: &ExportTraceServiceRequest, mapping: &DocumentMapping) {
    let came: usize = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).map(|scope| scope.spans.len()).sum();
    let mapped = mapping.documents_of(request);
    let went: u64 = mapped.documents.iter().map(|document| document.spans).sum();
    assert_eq!(went + mapped.invalid + mapped.too_large, came as u64);
    for document in &mapped.documents {
        assert!(document.text.len() <= mapping.document_bytes);
        let parsed = Document::parse(document.text.as_bytes()).unwrap();
        assert_eq!(parsed.walk().count() as u64, document.spans);
        let violations = check_document(&serde_json::from_str(&document.text).unwrap());
        assert!(violations.is_empty(), "{violations:?} in {}", document.text);
    }
}

fn span(id: u64, parent: u64) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: parent.to_be_bytes().to_vec(),
        name: format!("span {id}"),
        start_time_unix_nano: id,
        ..Span::default()
    }
}

fn mapped(spans: Vec<Span>) -> Documents {
    DocumentMapping::default().documents_of(&request(Resource::default(), spans))
}

#[test]
fn a_tree_too_wide_is_as_few_documents_as_can_be_and_a_chain_too_deep_is_cut() {
    let wide = mapped((1..=2_000).map(|id| span(id, u64::from(id > 1))).collect());
    let root = documents(&wide).into_iter().find(|document| document.parent_id.is_none()).unwrap();
    assert!(root.subsegments.len() > 400 && wide.too_large == 0, "{}", root.subsegments.len());
    assert_eq!(wide.documents.iter().map(|document| document.spans).sum::<u64>(), 2_000);
    let deep = mapped((1..=500).map(|id| span(id, id - 1)).collect());
    assert_eq!((deep.documents.len(), deep.documents.iter().map(|document| document.spans).sum::<u64>()), (9, 500));
    assert_eq!(documents(&deep).iter().filter(|document| document.kind.is_none()).count(), 1);
}

#[test]
fn spans_in_a_circle_cost_nobody_time_or_place() {
    let mut spans: Vec<Span> = (3..=20_000).map(|id| span(id, 1 + id % 2)).collect();
    spans.extend([span(1, 2), span(2, 1)]);
    let mapped = mapped(spans);
    assert_eq!(mapped.documents.iter().map(|document| document.spans).sum::<u64>(), 20_000);
}

#[test]
fn hostile_ids_and_times_cost_one_span() {
    let mut bad_trace = span(1, 0);
    bad_trace.trace_id = vec![0; 16];
    let mut short_parent = span(2, 0);
    short_parent.parent_span_id = vec![1; 3];
    let backwards = Span { start_time_unix_nano: u64::MAX, end_time_unix_nano: 0, name: String::new(), ..span(3, 0) };
    let mapped = mapped(vec![bad_trace, short_parent, span(0, 0), backwards]);
    assert_eq!((mapped.invalid, mapped.documents.len()), (3, 1));
    let document = &documents(&mapped)[0];
    assert_eq!((document.name.as_str(), document.end_time), ("unnamed", Some(document.start_time)));
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(any_value::Value::String(value.into())) }) }
}

#[test]
fn values_too_deep_become_text_wherever_they_stand() {
    let mut value = AnyValue { value: Some(any_value::Value::Bool(true)) };
    for _ in 0..30 {
        value = AnyValue {
            value: Some(any_value::Value::KvList(KeyValueList { values: vec![KeyValue { key: "k".into(), value: Some(value) }] })),
        };
    }
    let deep = [
        KeyValue { key: "deep".into(), value: Some(value) },
        text("aws.xray.metadata.own", format!("{{\"a\":{}{}}}", "[".repeat(99), "]".repeat(99))),
    ];
    let event = SpanEvent { name: "e".into(), attributes: deep.to_vec(), ..SpanEvent::default() };
    let spans = (1..=100).map(|id| Span { attributes: deep.to_vec(), events: vec![event.clone()], ..span(id, id - 1) }).collect();
    let mapped = mapped(spans);
    assert_eq!(documents(&mapped).iter().map(|document| document.walk().count()).sum::<usize>(), 100);
}

#[test]
fn a_large_resource_is_not_repeated_for_many_segments() {
    let attributes =
        vec![text("service.name", "n".repeat(1 << 20)), text("service.version", "v".repeat(1 << 20)), text("a", "b".repeat(1 << 20))];
    let resource = Resource { attributes, ..Resource::default() };
    let mapped = DocumentMapping::default().documents_of(&request(resource, (1..=30_000).map(|id| span(id, 0)).collect()));
    assert_eq!((mapped.documents.len(), mapped.too_large), (30_000, 0));
    assert!(mapped.documents.iter().all(|document| document.text.len() < 1_000));
}

#[test]
fn many_attributes_of_any_kind_cost_little() {
    let names: Vec<String> = (0..50_000).map(|number| format!("k{number}")).collect();
    let listed = names.iter().map(|name| AnyValue { value: Some(any_value::Value::String(name.clone())) }).collect();
    let mut attributes: Vec<KeyValue> = names.iter().map(|name| text(name, "v")).collect();
    attributes.extend(names.iter().map(|name| text(&format!("aws.xray.metadata.{name}"), "{\"a\":1}")));
    attributes.push(KeyValue {
        key: "aws.xray.annotations".into(),
        value: Some(AnyValue { value: Some(any_value::Value::Array(ArrayValue { values: listed })) }),
    });
    let mapped = mapped(vec![Span { attributes, ..span(1, 0) }, span(2, 1)]);
    let documents = documents(&mapped);
    let large = documents.iter().find(|document| document.parent_id.is_none()).unwrap();
    assert_eq!((mapped.too_large, large.metadata["default"].get("truncated").is_some()), (0, true), "cut to fit");
}

#[test]
fn what_one_kind_of_span_has_no_block_for_is_metadata() {
    let attributes = ["rpc.method", "rpc.service", "rpc.system", "server.address", "client.address", "cloud.region", "db.system"];
    let attributes: Vec<KeyValue> = attributes.into_iter().map(|key| text(key, "v")).collect();
    let inside = Span { attributes: attributes.clone(), ..span(2, 1) };
    let call = Span { attributes, kind: codes::CLIENT, ..span(3, 1) };
    let segment = documents(&mapped(vec![span(1, 0), inside, call])).remove(0);
    let kept = |name: &str| segment.child(name).unwrap().metadata["default"].as_object().unwrap().len();
    assert_eq!((kept("span 2"), kept("v")), (7, 7), "the call's address is its name, and its own name is kept: {segment:?}");
    let server = |client: &str, peer: &str| {
        let attributes = vec![text("http.request.method", "GET"), text("client.address", client), text("network.peer.address", peer)];
        let document = documents(&mapped(vec![Span { attributes, kind: codes::SERVER, ..span(1, 0) }])).remove(0);
        document.http.unwrap().request.x_forwarded_for
    };
    assert!(server("10.0.0.1", "10.0.0.2") && !server("10.0.0.1", "10.0.0.1"));
}
