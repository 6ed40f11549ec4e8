//! The worker: takes placed orders from the queue, in the trace of who placed them.

use std::sync::Arc;

use aws_sdk_sqs::types::Message;
use xray_sdk::sqs::Consumer;

use crate::backend::{Backend, KeepError};
use crate::shop::Sent;

/// Polls until the process ends. Polls are not recorded; each message is a segment.
pub(crate) async fn run(backend: Arc<Backend>, sent: Arc<Sent>) {
    let consumer = Consumer::new("worker").queue(&backend.queue);
    loop {
        let poll = backend.sqs.receive_message().queue_url(&backend.queue).max_number_of_messages(10).wait_time_seconds(5);
        let received = match poll.send().await {
            Ok(received) => received,
            Err(error) => {
                eprintln!("the worker stops: {error}");
                return;
            }
        };
        for message in received.messages() {
            let done = consumer.message(message, handle(&backend, &sent, message)).await;
            if let Err(error) = done {
                eprintln!("an order stays in the queue: {error}");
            }
        }
    }
}

async fn handle(backend: &Backend, sent: &Sent, message: &Message) -> Result<(), KeepError> {
    sent.note_segment();
    let number = message.body().and_then(|body| body.parse().ok()).unwrap_or_default();
    backend.ship(number).await?;
    let delete = backend.sqs.delete_message().queue_url(&backend.queue).set_receipt_handle(message.receipt_handle.clone());
    if delete.send().await.is_ok() {
        backend.handled();
    }
    Ok(())
}
