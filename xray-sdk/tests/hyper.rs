//! hyper without tower: its server, hyper-util's client, a raw connection; and the phases of calls.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use telemetry_wire::Document;
use tower::{Layer as _, Service as _};
use xray_sdk::connection::{ConnectLayer, TracedResolver};
use xray_sdk::hyper::ClientLayer;
use xray_sdk::reqwest::RequestBuilderExt as _;
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::tower::TraceLayer;
use xray_sdk::{FutureExt as _, Segment};

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    drop(xray_sdk::subsegment("answer"));
    let status = if request.uri().path() == "/missing" { 404 } else { 200 };
    let mut response = Response::new(Full::from("hello"));
    *response.status_mut() = status.try_into().unwrap();
    Ok(response)
}

async fn serve() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            let service = TraceLayer::new("server").layer(service_fn(answer)).peer(peer);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

fn traced<F: Future<Output = ()>>(work: impl FnOnce(SocketAddr) -> F) -> (Document, Vec<Document>) {
    let (documents, ()) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let address = serve().await;
            work(address).in_segment(Segment::begin("shop")).await;
        });
    });
    let (mut shop, served): (Vec<_>, Vec<_>) = documents.into_iter().partition(|document| document.name == "shop");
    (shop.remove(0), served)
}

fn empty(url: String) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).unwrap()
}

#[test]
fn hypers_server_and_client_share_a_trace() {
    let (shop, served) = traced(|address| async move {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut client = ClientLayer::new().layer(client);
        let response = client.call(empty(format!("http://user:s3cret@{address}/missing?card=4111"))).await.unwrap();
        response.into_body().collect().await.unwrap();
    });
    let call = &shop.subsegments[0];
    let http = call.http.as_ref().unwrap();
    assert_eq!(
        (call.name.as_str(), call.error, http.response.status, http.response.content_length),
        ("127.0.0.1", true, Some(404), Some(5))
    );
    assert!(http.request.url.as_deref().unwrap().ends_with("/missing") && !format!("{shop:?}").contains("s3cret"));
    let server = &served[0];
    assert_eq!((server.parent_id, server.trace_id, server.error), (Some(call.id), shop.trace_id, true));
    assert_eq!(server.http.as_ref().unwrap().request.client_ip.as_deref(), Some("127.0.0.1"));
    assert!(server.child("answer").is_some());
}

#[test]
fn a_raw_connection_sends_with_a_function() {
    let (shop, served) = traced(|address| async move {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get("/orders").header("host", "orders.internal:8080").body(Full::<Bytes>::default()).unwrap();
        let response = xray_sdk::hyper::send(request, |request| sender.send_request(request)).await.unwrap();
        response.into_body().collect().await.unwrap();
    });
    let call = shop.child("orders.internal").unwrap();
    assert_eq!(call.http.as_ref().unwrap().request.url.as_deref(), Some("http://orders.internal:8080/orders"));
    assert_eq!(served[0].parent_id, Some(call.id));
}

#[test]
fn a_call_that_fails_is_a_fault_with_its_sources() {
    let (shop, _) = traced(|_| async {
        let mut client = ClientLayer::new().layer(Client::builder(TokioExecutor::new()).build_http());
        assert!(client.call(empty("http://127.0.0.1:1/".to_owned())).await.is_err());
    });
    let Some(telemetry_wire::Cause::Here(cause)) = &shop.subsegments[0].cause else { panic!("no cause") };
    assert!(shop.subsegments[0].fault && cause.exceptions.len() > 1);
}

fn names(entity: &Document) -> Vec<&str> {
    entity.subsegments.iter().map(|child| child.name.as_str()).collect()
}

fn is_reused(call: &Document) -> Option<bool> {
    call.metadata.get("http")?.get("connection")?["reused"].as_bool()
}

fn assert_phases(calls: &[Document]) {
    assert_eq!(names(&calls[0]), ["connect", "response"]);
    assert_eq!(names(&calls[0].subsegments[0]), ["dns", "dial"]);
    assert!(calls[0].subsegments[0].subsegments[0].metadata["http"]["dns"]["addresses"].is_array());
    assert_eq!(names(&calls[1]), ["response"]);
    assert_eq!((is_reused(&calls[0]), is_reused(&calls[1])), (Some(false), None));
}

#[test]
fn phases_of_hyper_util_show_dns_dial_and_first_byte() {
    let (shop, _) = traced(|address| async move {
        let connector = ConnectLayer::new().layer(HttpConnector::new_with_resolver(TracedResolver::default()));
        let mut client = ClientLayer::new().layer(Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector));
        for _ in 0..2 {
            let response = client.call(empty(format!("http://localhost:{}/", address.port()))).await.unwrap();
            response.into_body().collect().await.unwrap();
        }
        assert!(client.call(empty("http://127.0.0.1:1/".to_owned())).await.is_err());
    });
    assert_phases(&shop.subsegments);
    let failed = &shop.subsegments[2];
    let connect = failed.child("connect").unwrap();
    assert!(failed.fault && connect.fault && connect.subsegments.iter().all(|phase| phase.name == "dns" || phase.fault));
}

/// A port whose queue of connections is full: a connect waits, without an answer.
fn silent_port() -> (socket2::Socket, Vec<std::net::TcpStream>, std::net::SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(100)).ok();
    let filling = std::iter::from_fn(connect).take(16).collect();
    (socket, filling, address)
}

#[test]
fn a_connect_that_times_out_is_a_fault_and_one_that_is_dropped_is_cancelled() {
    let (_socket, _filling, silent) = silent_port();
    for (limit_of_client, flags) in [(true, (false, true)), (false, (true, false))] {
        let (shop, _) = traced(|_| async move {
            let mut builder = reqwest::Client::builder().connector_layer(ConnectLayer::new());
            if limit_of_client {
                builder = builder.connect_timeout(std::time::Duration::from_millis(50));
            }
            let call = builder.build().unwrap().get(format!("http://{silent}/")).send_traced();
            let limit = std::time::Duration::from_millis(if limit_of_client { 20_000 } else { 50 });
            assert!(!matches!(tokio::time::timeout(limit, call).await, Ok(Ok(_))));
        });
        let connect = shop.subsegments[0].child("connect").unwrap();
        assert_eq!((connect.error, connect.fault), flags, "{connect:?}");
        assert!(connect.subsegments.iter().all(|dial| (dial.error, dial.fault) == flags), "{connect:?}");
    }
}

#[test]
fn phases_of_reqwest_show_dns_dial_and_first_byte() {
    let (shop, _) = traced(|address| async move {
        let client =
            reqwest::Client::builder().connector_layer(ConnectLayer::new()).dns_resolver(TracedResolver::default()).build().unwrap();
        for _ in 0..2 {
            client.get(format!("http://localhost:{}/", address.port())).send_traced().await.unwrap().bytes().await.unwrap();
        }
    });
    assert_phases(&shop.subsegments);
}
