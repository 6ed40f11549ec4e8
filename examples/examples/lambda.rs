//! A Lambda function. It runs where the Lambda runtime's variables are set: deploy it with `cargo lambda`, or see `xray-sdk/tests/lambda.rs`,
//! which drives one on this machine.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use xray_sdk::lambda::TraceHandler;
use xray_sdk::traced;

#[traced(annotate(name))]
async fn greet(name: &str) -> String {
    format!("hello {name}")
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().unwrap_or("you");
    Ok(json!({ "greeting": greet(name).await }))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        println!("not in Lambda: nothing to do");
        return Ok(());
    }
    let _xray = xray_sdk::init("greeter")?;
    lambda_runtime::run(TraceHandler::new(service_fn(handle))).await
}
