#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::*;
use crate::load::Documents;

/// What the sink answers to these documents; none if the connection was reset.
fn put(sink: &Sink, numbers: &[u64]) -> Option<String> {
    let documents = Documents::of_size(300);
    let documents: Vec<String> = numbers.iter().map(|number| documents.document(*number)).collect();
    let body = serde_json::json!({ "TraceSegmentDocuments": documents }).to_string();
    let mut stream = TcpStream::connect(sink.address).unwrap();
    write!(stream, "POST /TraceSegments HTTP/1.1\r\nhost: sink\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    // An answer is one piece; the sink ends no connection in order.
    let mut answer = [0; 4_096];
    let length = stream.read(&mut answer).ok().filter(|length| *length > 0)?;
    Some(String::from_utf8_lossy(&answer[..length]).into_owned())
}

fn counts(sink: &Sink) -> (u64, u64, u64) {
    let arrivals = sink.tally.arrivals();
    (arrivals.documents, arrivals.duplicates, arrivals.calls)
}

#[test]
fn documents_count_once_and_again_as_duplicates() {
    let sink = Sink::start().unwrap();
    assert!(put(&sink, &[1, 2]).unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(counts(&sink), (2, 0, 1));
    put(&sink, &[2, 3]).unwrap();
    assert_eq!(counts(&sink), (3, 1, 2));
}

#[test]
fn what_was_refused_has_not_arrived_and_what_was_taken_without_an_answer_has() {
    let sink = Sink::start().unwrap();
    sink.set(Conduct::with(1.0, Fault::Throttled));
    let answer = put(&sink, &[1]).unwrap();
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("x-amzn-errortype: ThrottledException"), "{answer}");
    sink.set(Conduct::with(1.0, Fault::ResetBefore));
    assert_eq!(put(&sink, &[1]), None);
    assert_eq!(counts(&sink).0, 0);
    sink.set(Conduct::with(1.0, Fault::ResetAfter));
    assert_eq!(put(&sink, &[1]), None);
    assert_eq!(counts(&sink).0, 1);
    sink.set(Conduct::with(1.0, Fault::Unprocessed(1.0, "InvalidSegment")));
    assert!(put(&sink, &[2]).unwrap().contains("\"Id\":\"0000000000000002\""));
    assert_eq!(counts(&sink).0, 1);
}

#[test]
fn a_shut_door_refuses_and_opens_again_at_the_same_address() {
    let sink = Sink::start().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    for door in [Door::Shut, Door::Open] {
        sink.set(Conduct::behind(door));
        while TcpStream::connect(sink.address).is_ok() != (door == Door::Open) {
            assert!(Instant::now() < deadline, "the door is not {door:?}");
            std::thread::yield_now();
        }
    }
    assert!(put(&sink, &[1]).is_some());
}

/// Whether somebody who trusts the sink's authority connects.
fn shakes_hands(sink: &Sink) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(sink.authority.as_ref().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), sink.address.ip().into()).unwrap();
    let mut stream = TcpStream::connect(sink.address).unwrap();
    connection.complete_io(&mut stream).is_ok()
}

#[test]
fn a_certificate_of_yesterday_is_not_trusted() {
    let sink = Sink::start_encrypted().unwrap();
    assert!(shakes_hands(&sink));
    sink.set(Conduct::behind(Door::Expired));
    let deadline = Instant::now() + Duration::from_secs(10);
    while shakes_hands(&sink) {
        assert!(Instant::now() < deadline, "the old certificate is still shown");
    }
}
