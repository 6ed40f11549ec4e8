//! Segments as OTLP, as a collector and an agent see them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine as _;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use telemetry_wire::otlp::Message as _;
use xray_sdk::{DaemonAddress, Emitter as _, OtlpEmitter, OtlpEndpoint, OtlpUdpEmitter};

const SOON: Duration = Duration::from_secs(30);

fn datagram(document: &str) -> Vec<u8> {
    [telemetry_wire::DATAGRAM_HEADER, document.as_bytes()].concat()
}

fn document(id: u8, more: &str) -> Vec<u8> {
    datagram(&format!(
        r#"{{"trace_id":"1-581cf771-a006649127e371903a2de979","id":"00000000000000{id:02x}","name":"shop","start_time":1,"end_time":2{more}}}"#
    ))
}

fn spans(request: &ExportTraceServiceRequest) -> Vec<Span> {
    request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
}

/// A collector that gives these answers, one a request, and passes on head and body.
fn collector(answers: Vec<(u16, Vec<u8>)>) -> (String, mpsc::Receiver<(String, ExportTraceServiceRequest)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for (status, answer) in answers {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                stream.read_line(&mut head).unwrap();
            }
            let head = head.to_ascii_lowercase();
            let length: usize = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let start = format!("HTTP/1.1 {status} s\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            stream.get_mut().write_all(&[start.into_bytes(), answer].concat()).unwrap();
            tell.send((head, ExportTraceServiceRequest::decode(body.as_slice()).unwrap())).ok();
        }
    });
    (url, told)
}

#[test]
fn a_collector_gets_every_span_also_after_it_was_away() {
    let partial = ExportTracePartialSuccess { rejected_spans: 1, error_message: "too old".into() };
    let rejected = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    let (url, told) = collector(vec![(503, Vec::new()), (429, Vec::new()), (200, rejected), (400, b"no".to_vec()), (200, Vec::new())]);
    let emitter = OtlpEmitter::new(OtlpEndpoint::new(&url).unwrap().header("x-api-key", "k")).unwrap();
    emitter.emit(&document(1, "")).unwrap();
    let attempts: Vec<_> = (0..3).map(|_| told.recv_timeout(SOON).unwrap()).collect();
    assert!(attempts.iter().all(|(head, request)| head.contains("x-api-key: k") && spans(request)[0].span_id[7] == 1));
    assert!(attempts[0].0.contains("content-type: application/x-protobuf"));
    assert!(emitter.flush(SOON));
    emitter.emit(&document(2, "")).unwrap();
    assert!(emitter.flush(SOON), "what a collector refuses is not sent for ever");
    emitter.emit(&document(3, "")).unwrap();
    let later: Vec<_> = (0..2).map(|_| spans(&told.recv_timeout(SOON).unwrap().1)[0].span_id[7]).collect();
    assert_eq!(later, [2, 3]);
}

#[test]
fn an_independent_subsegment_has_the_resource_of_its_segment() {
    let (url, told) = collector(vec![(200, Vec::new()); 2]);
    let emitter = OtlpEmitter::new(OtlpEndpoint::new(&url).unwrap()).unwrap();
    emitter.emit(&document(1, r#","origin":"AWS::EC2::Instance""#)).unwrap();
    assert!(emitter.flush(SOON));
    emitter.emit(&datagram("no json")).unwrap();
    emitter.emit(&document(2, r#","type":"subsegment","parent_id":"0000000000000001""#)).unwrap();
    assert!(emitter.flush(SOON));
    let resources: Vec<_> = told.iter().take(2).map(|(_, request)| request.resource_spans[0].resource.clone()).collect();
    assert!(resources[0].is_some() && resources[0] == resources[1]);
}

#[test]
fn an_agent_gets_datagrams_that_hold_any_number_of_spans() {
    let agent = UdpSocket::bind("127.0.0.1:0").unwrap();
    agent.set_read_timeout(Some(SOON)).unwrap();
    let emitter = OtlpUdpEmitter::connect(&DaemonAddress::parse(&agent.local_addr().unwrap().to_string()).unwrap()).unwrap();
    let child = |id: usize| {
        let text = "x".repeat(900);
        format!(r#"{{"id":"{id:016x}","name":"n","start_time":1,"end_time":2,"annotations":{{"text":"{text}"}}}}"#)
    };
    let children: Vec<_> = (256..316).map(child).collect();
    emitter.emit(&document(1, &format!(r#","subsegments":[{}]"#, children.join(",")))).unwrap();
    let mut received = Vec::new();
    let mut datagrams = 0;
    while received.len() < 61 {
        let mut buffer = vec![0; 70_000];
        let length = agent.recv(&mut buffer).unwrap();
        let text = buffer[..length].strip_prefix(b"{\"format\":\"json\",\"version\":1}\nT1S".as_slice()).unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        received.extend(spans(&ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap()));
        datagrams += 1;
    }
    assert_eq!(datagrams, 2);
    assert!(received.iter().skip(1).all(|span| span.parent_span_id[7] == 1));
    assert!(emitter.emit(&document(1, &format!(r#","annotations":{{"a":"{}"}}"#, "x".repeat(60_000)))).is_err());
}
