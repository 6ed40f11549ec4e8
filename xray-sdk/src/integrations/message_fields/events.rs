//! EventBridge: `TraceHeader` of each entry.

use aws_sdk_eventbridge::operation::put_events::PutEventsInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;

pub(super) fn carry(input: &mut Input, header: &dyn Fn() -> Option<String>) {
    let Some(input) = input.downcast_mut::<PutEventsInput>() else { return };
    let Some(header) = header() else { return };
    for entry in input.entries.iter_mut().flatten() {
        entry.trace_header.get_or_insert_with(|| header.clone());
    }
}
