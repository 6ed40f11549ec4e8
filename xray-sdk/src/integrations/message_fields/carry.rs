//! Inputs of any operation, to whom they concern.

use aws_smithy_runtime_api::client::interceptors::context::Input;

/// Puts the header on each message or event of the input that has none.
pub(crate) fn carry(input: &mut Input, header: &str) {
    #[cfg(feature = "sqs")]
    super::sqs::carry(input, header);
    #[cfg(feature = "eventbridge")]
    super::events::carry(input, header);
    let _ = (input, header);
}

/// Asks for the header of the messages that will be received.
pub(crate) fn ask_for_trace(input: &mut Input) {
    #[cfg(feature = "sqs")]
    super::sqs::ask_for_trace(input);
    let _ = input;
}
