//! A service of hyper, without axum: the same layer around any tower service.
//!
//! `cargo run --package examples --example hyper`, with `metrics-agent local` beside it to see the traces.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tower::{ServiceBuilder, service_fn};
use xray_sdk::sampling::SampleAll;
use xray_sdk::subsegment;
use xray_sdk::tower::{Naming, TraceLayer};

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = {
        let mut work = subsegment("render");
        work.metadata("path", request.uri().path());
        format!("you asked for {}\n", request.uri().path())
    };
    Ok(Response::new(Full::from(text)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("files").sampler(SampleAll).install()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // Segments are named after the host that was asked for, as far as it is one of ours.
    let naming = Naming::Dynamic { pattern: "*.example.com".into(), fallback: "files".into() };
    let service = ServiceBuilder::new().layer(TraceLayer::named(naming)).service(service_fn(answer));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                if let Err(error) = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(connection), service).await {
                    eprintln!("a connection broke: {error}");
                }
            });
        }
    });
    for host in ["static.example.com", "elsewhere.test"] {
        let client = reqwest::Client::builder().resolve(host, address).build()?;
        let url = format!("http://{host}:{}/logo.svg", address.port());
        print!("{host}: {}", client.get(url).send().await?.text().await?);
    }
    examples::report(&xray);
    Ok(())
}
