//! gRPC on both sides: the tower layer opens the server's segment, the client's layer records each call with its gRPC status.

use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::Layer as _;
use xray_sdk::tonic::ClientLayer;
use xray_sdk::tower::TraceLayer;
use xray_sdk::{FutureExt as _, Segment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("shop").sampler(xray_sdk::sampling::SampleAll).install()?;
    let (_reporter, service) = tonic_health::server::health_reporter();
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let address = incoming.local_addr()?;
    tokio::spawn(Server::builder().layer(TraceLayer::new("orders")).add_service(service).serve_with_incoming(incoming));

    let channel = Channel::builder(format!("http://{address}").parse()?).connect().await?;
    let mut orders = HealthClient::new(ClientLayer::new("orders").layer(channel));
    let calls = async {
        let all = orders.check(HealthCheckRequest { service: String::new() }).await;
        let unknown = orders.check(HealthCheckRequest { service: "refunds".into() }).await;
        println!("all: {:?}, refunds: {:?}", all.map(|answer| answer.into_inner().status), unknown.map_err(|status| status.code()));
    };
    calls.in_segment(Segment::begin("shop")).await;
    examples::report(&xray);
    Ok(())
}
