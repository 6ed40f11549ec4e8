//! SQS: `AWSTraceHeader`, the one system attribute that a sender may set. It counts toward no quota of attributes.

use std::collections::HashMap;

use aws_sdk_sqs::operation::receive_message::ReceiveMessageInput;
use aws_sdk_sqs::operation::send_message::SendMessageInput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput;
use aws_sdk_sqs::types::{MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue};
use aws_smithy_runtime_api::client::interceptors::context::Input;

type Attributes = Option<HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>>;

pub(super) fn carry(input: &mut Input, header: &dyn Fn() -> Option<String>) {
    if let Some(message) = input.downcast_mut::<SendMessageInput>() {
        if let Some(header) = header() {
            set(&mut message.message_system_attributes, &header);
        }
    } else if let Some(batch) = input.downcast_mut::<SendMessageBatchInput>()
        && let Some(header) = header()
    {
        for message in batch.entries.iter_mut().flatten() {
            set(&mut message.message_system_attributes, &header);
        }
    }
}

fn set(attributes: &mut Attributes, header: &str) {
    if let Ok(value) = MessageSystemAttributeValue::builder().data_type("String").string_value(header).build() {
        attributes.get_or_insert_default().entry(MessageSystemAttributeNameForSends::AwsTraceHeader).or_insert(value);
    }
}

/// What a consumer shows of a message.
const ASKED: [MessageSystemAttributeName; 3] = [
    MessageSystemAttributeName::AwsTraceHeader,
    MessageSystemAttributeName::SentTimestamp,
    MessageSystemAttributeName::ApproximateReceiveCount,
];

pub(super) fn ask_for_trace(input: &mut Input) {
    let Some(input) = input.downcast_mut::<ReceiveMessageInput>() else { return };
    let names = input.message_system_attribute_names.get_or_insert_default();
    if !names.contains(&MessageSystemAttributeName::All) {
        let missing: Vec<_> = ASKED.into_iter().filter(|name| !names.contains(name)).collect();
        names.extend(missing);
    }
}
