//! Other people's clients against our programs, and our SDK against somebody else's X-Ray.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use support::{SOON, agent, console, run_script};
use xray_sdk::sampling::SampleAll;
use xray_sdk::{Segment, in_subsegment};

#[tokio::test]
async fn the_python_sdk_sends_and_the_aws_cli_reads_back_field_by_field() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    let agent = agent(&endpoint).await;
    run_script("TEST_PYTHON", "clients/python_sdk.py", &[endpoint, agent.addresses().udp.to_string()]).await;
    agent.drain(SOON).await;
    console.stop().await;
}

#[tokio::test]
async fn boto3_and_the_aws_cli_walk_every_operation() {
    let console = console().await;
    run_script("TEST_PYTHON", "clients/walk.py", &[format!("http://{}", console.address())]).await;
    console.stop().await;
}

/// The only test here that installs the SDK: a process has one.
#[tokio::test]
async fn boto3_of_every_age_speaks_to_cloudwatch_and_sqs() {
    let console = console().await;
    let endpoint = format!("http://{}", console.address());
    run_script("TEST_PYTHON", "clients/older_clients.py", std::slice::from_ref(&endpoint)).await;
    for package in include_str!("../clients/older.txt").lines() {
        run_script("TEST_PYTHON", "clients/older_clients.py", &[endpoint.clone(), package.to_owned()]).await;
    }
    console.stop().await;
}

#[tokio::test]
async fn our_documents_go_through_our_agent_into_moto_and_come_back() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let agent = agent(&endpoint).await;
    let xray = xray_sdk::builder("shop").daemon_address(agent.addresses().udp.to_string()).sampler(SampleAll).install().unwrap();
    let mut ids = Vec::new();
    for order in 0..20 {
        let mut segment = Segment::begin("orders");
        segment.annotate("order", order).user("alice");
        ids.push(segment.context().trace_id().unwrap().to_string());
        segment.context().in_scope(|| {
            in_subsegment("price", |price| {
                price.metadata("cart", [1, 2]);
            })
        });
    }
    xray.flush();
    run_script("TEST_PYTHON", "clients/moto_reads.py", &[port.to_string(), agent.addresses().health.unwrap().to_string(), ids.join(",")])
        .await;
    drop(xray);
    agent.drain(SOON).await;
}
