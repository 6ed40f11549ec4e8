//! Calls of the AWS SDK, and a queue between a producer and a consumer in one trace, against a console in this process.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use xray_console::{Console, Settings};
use xray_sdk::aws_sdk::TraceInterceptor;
use xray_sdk::sampling::SampleAll;
use xray_sdk::sqs::Consumer;
use xray_sdk::{FutureExt as _, Segment};

fn config(console: &Console) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "example");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{}", console.address()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let xray = xray_sdk::builder("shop").sampler(SampleAll).install()?;
    let mut settings = Settings::default();
    settings.address.set_port(0);
    let console = Console::start(settings).await?;
    let sqs = aws_sdk_sqs::config::Builder::from(&config(&console)).interceptor(TraceInterceptor::new()).build();
    let sqs = aws_sdk_sqs::Client::from_conf(sqs);

    let segment = Segment::begin("shop");
    let place = async {
        let queue = sqs.create_queue().queue_name("orders").send().await?.queue_url.unwrap_or_default();
        sqs.send_message().queue_url(&queue).message_body("order 7").send().await?;
        Ok::<_, aws_sdk_sqs::Error>(queue)
    };
    let queue = place.in_segment(segment).await?;

    let consumer = Consumer::new("worker").queue(&queue);
    let received = sqs.receive_message().queue_url(&queue).send().await?;
    for message in received.messages() {
        let work = async {
            println!("{} in trace {:?}", message.body().unwrap_or_default(), xray_sdk::trace_id());
            Ok::<_, String>(())
        };
        consumer.message(message, work).await?;
    }
    console.stop().await;
    examples::report(&xray);
    Ok(())
}
