//! Inputs of any operation, to whom they concern.

use aws_smithy_runtime_api::client::interceptors::context::Input;

/// Puts the header on each message or event of the input that has none. `header` is called only for an input that has a place for it.
pub(crate) fn carry(input: &mut Input, header: &dyn Fn() -> Option<String>) {
    #[cfg(feature = "sqs")]
    super::sqs::carry(input, header);
    #[cfg(feature = "eventbridge")]
    super::events::carry(input, header);
    #[cfg(not(any(feature = "sqs", feature = "eventbridge")))]
    let _no_operation_has_a_place = (input, header);
}

/// Asks for the header of the messages that will be received.
pub(crate) fn ask_for_trace(input: &mut Input) {
    #[cfg(feature = "sqs")]
    super::sqs::ask_for_trace(input);
    let _ = input;
}
