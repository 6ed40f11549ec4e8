//! A real gRPC pair on loopback: tonic's server with the tower layer, tonic's client with ours.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::{Buf as _, BufMut as _, Bytes};
use http::uri::PathAndQuery;
use telemetry_wire::{AnnotationValue, Document};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, body::Body};
use tower::Layer as _;
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::tonic::{Client, ClientLayer};
use xray_sdk::tower::TraceLayer;
use xray_sdk::{FutureExt as _, Segment};

/// Messages are bytes, so that no compiler of protocols is needed.
#[derive(Clone, Copy, Debug)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

async fn get(request: Request<Bytes>) -> Result<Response<Bytes>, Status> {
    drop(xray_sdk::subsegment("look up"));
    match &request.get_ref()[..] {
        b"missing" => Err(Status::not_found("no such order")),
        b"busy" => Err(Status::resource_exhausted("later")),
        b"slow" => std::future::pending().await,
        _ => Ok(Response::new(request.into_inner())),
    }
}

type Items = tokio_stream::Iter<std::vec::IntoIter<Result<Bytes, Status>>>;

async fn list(_: Request<Bytes>) -> Result<Response<Items>, Status> {
    let items = vec![Ok(Bytes::from_static(b"1")), Ok(Bytes::from_static(b"2")), Err(Status::internal("broke"))];
    Ok(Response::new(tokio_stream::iter(items)))
}

#[derive(Clone, Copy, Debug)]
struct Orders;

impl tonic::server::NamedService for Orders {
    const NAME: &'static str = "shop.Orders";
}

impl tower::Service<http::Request<Body>> for Orders {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Raw);
            Ok(match request.uri().path() {
                "/shop.Orders/Get" => grpc.unary(tower::service_fn(get), request).await,
                "/shop.Orders/List" => grpc.server_streaming(tower::service_fn(list), request).await,
                other => Status::unimplemented(other).into_http(),
            })
        })
    }
}

type Orderly = tonic::client::Grpc<Client<Channel>>;

/// Runs `work` with a client in a segment named `shop`; gives its document and those of the server.
fn traced<F: Future>(work: impl FnOnce(Orderly) -> F) -> (Document, Vec<Document>) {
    traced_at(|_, client| work(client))
}

/// As [`traced`], with the server's address.
fn traced_at<F: Future>(work: impl FnOnce(http::Uri, Orderly) -> F) -> (Document, Vec<Document>) {
    let (documents, ()) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let address = incoming.local_addr().unwrap();
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let server = Server::builder().layer(TraceLayer::new("orders")).add_service(Orders);
            let server = tokio::spawn(server.serve_with_incoming_shutdown(incoming, async { drop(stopped.await) }));
            let origin: http::Uri = format!("http://{address}").parse().unwrap();
            let channel = Channel::builder(origin.clone()).connect().await.unwrap();
            let client = tonic::client::Grpc::new(ClientLayer::new("orders").layer(channel));
            work(origin, client).in_segment(Segment::begin("shop")).await;
            stop.send(()).unwrap();
            server.await.unwrap().unwrap();
        });
    });
    let (mut shop, orders): (Vec<_>, Vec<_>) = documents.into_iter().partition(|document| document.name == "shop");
    (shop.remove(0), orders)
}

async fn ask(client: &mut Orderly, message: &'static str, path: &'static str) -> Result<Bytes, Status> {
    client.ready().await.unwrap();
    let request = Request::new(Bytes::from_static(message.as_bytes()));
    client.unary(request, PathAndQuery::from_static(path), Raw).await.map(Response::into_inner)
}

/// gRPC's status, and the flags, of a segment or a call.
fn outcome(entity: &Document) -> (Option<AnnotationValue>, bool, bool, bool) {
    (entity.annotations.get("grpc_status").cloned(), entity.error, entity.throttle, entity.fault)
}

#[test]
fn both_sides_have_the_status_and_one_trace() {
    let (shop, orders) = traced(|mut client| async move {
        assert_eq!(ask(&mut client, "7", "/shop.Orders/Get").await.unwrap(), "7");
        assert_eq!(ask(&mut client, "missing", "/shop.Orders/Get").await.unwrap_err().code(), Code::NotFound);
        assert_eq!(ask(&mut client, "busy", "/shop.Orders/Get").await.unwrap_err().code(), Code::ResourceExhausted);
        assert_eq!(ask(&mut client, "", "/shop.Orders/None").await.unwrap_err().code(), Code::Unimplemented);
    });
    let code = |code: i64| Some(AnnotationValue::from(code));
    let expected =
        [(code(0), false, false, false), (code(5), true, false, false), (code(8), true, true, false), (code(12), false, false, true)];
    assert_eq!(shop.subsegments.iter().map(outcome).collect::<Vec<_>>(), expected);
    assert_eq!(orders.iter().map(outcome).collect::<Vec<_>>(), expected);
    for (call, served) in shop.subsegments.iter().zip(&orders) {
        assert_eq!((served.parent_id, served.trace_id), (Some(call.id), shop.trace_id));
        assert_eq!((call.name.as_str(), call.namespace.as_deref()), ("orders", Some("remote")));
    }
    assert_eq!(shop.subsegments[0].http.as_ref().unwrap().request.url.as_deref(), Some("grpc://orders/shop.Orders/Get"));
    assert_eq!(orders[0].annotations["grpc_method"], AnnotationValue::from("/shop.Orders/Get"));
    assert!(orders[0].child("look up").is_some());
}

/// A request for an order that takes for ever, with 50 ms of patience.
fn slow() -> Request<Bytes> {
    let mut request = Request::new(Bytes::from_static(b"slow"));
    request.set_timeout(std::time::Duration::from_millis(50));
    request
}

#[test]
fn a_request_that_the_server_ends_at_its_deadline_has_status_4() {
    let (shop, orders) = traced_at(|origin, _| async move {
        // hyper's client has no timer for `grpc-timeout`, so the server's ends the request.
        let http = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).http2_only(true).build_http::<Body>();
        let mut client = tonic::client::Grpc::with_origin(ClientLayer::new("orders").layer(http), origin);
        client.ready().await.unwrap();
        assert!(client.unary(slow(), PathAndQuery::from_static("/shop.Orders/Get"), Raw).await.is_err());
    });
    assert_eq!(outcome(&orders[0]), (Some(AnnotationValue::from(4_i64)), false, false, true));
    assert_eq!(outcome(&shop.subsegments[0]), (Some(AnnotationValue::from(1_i64)), true, false, false), "tonic's server answers CANCELLED");
}

#[test]
fn a_client_that_gives_up_has_status_4_and_without_a_server_14() {
    let (shop, _) = traced(|mut client| async move {
        client.ready().await.unwrap();
        assert!(client.unary(slow(), PathAndQuery::from_static("/shop.Orders/Get"), Raw).await.is_err());
        let nowhere = Channel::from_static("http://127.0.0.1:1").connect_lazy();
        let mut client = tonic::client::Grpc::new(ClientLayer::new("orders").layer(nowhere));
        assert_eq!(ask(&mut client, "7", "/shop.Orders/Get").await.unwrap_err().code(), Code::Unavailable);
    });
    let code = |code: i64| Some(AnnotationValue::from(code));
    assert_eq!(outcome(&shop.subsegments[0]), (code(4), false, false, true));
    assert_eq!(outcome(&shop.subsegments[1]), (code(14), false, false, true));
}

#[test]
fn a_stream_ends_with_its_trailers_or_when_it_is_dropped() {
    let (shop, orders) = traced(|mut client| async move {
        let list = PathAndQuery::from_static("/shop.Orders/List");
        client.ready().await.unwrap();
        let mut items = client.server_streaming(Request::new(Bytes::new()), list.clone(), Raw).await.unwrap().into_inner();
        let mut seen = 0;
        let broke = loop {
            match items.message().await {
                Ok(Some(_)) => seen += 1,
                Ok(None) => panic!("a stream ends with a status"),
                Err(status) => break status,
            }
        };
        assert_eq!((seen, broke.code()), (2, Code::Internal));
        client.ready().await.unwrap();
        drop(client.server_streaming(Request::new(Bytes::new()), list, Raw).await.unwrap());
    });
    assert_eq!(outcome(&shop.subsegments[0]), (Some(AnnotationValue::from(13_i64)), false, false, true));
    assert_eq!(outcome(&shop.subsegments[1]), (None, true, false, false), "cancelled");
    assert_eq!(outcome(&orders[0]), (Some(AnnotationValue::from(13_i64)), false, false, true));
}
