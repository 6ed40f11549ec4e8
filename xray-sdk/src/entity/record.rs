//! [`Finished`]: an ended subsegment, 64 bytes.

use std::borrow::Cow;

use telemetry_wire::{Details, Flags};

use crate::clock::Ticks;

/// What is kept of a subsegment from its end to its encoding. Ids and trace are the fragment's.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) name: Cow<'static, str>,
    pub(crate) start: Ticks,
    pub(crate) end: Ticks,
    /// Given at begin, so a parent's is always smaller than its children's.
    pub(crate) number: u32,
    pub(crate) parent: u32,
    pub(crate) flags: Flags,
    pub(crate) details: Option<Box<Details>>,
}

impl Finished {
    /// Bytes that this record will about take in a document; exact sizes are found when it is encoded.
    #[inline]
    pub(crate) fn estimated_bytes(&self) -> usize {
        /// Braces, id and two times.
        const BARE: usize = 100;
        BARE + self.name.len() + self.details.as_deref().map_or(0, estimated_details)
    }
}

/// About what a block such as `http`, or an entry of metadata, takes.
pub(super) const BLOCK: usize = 250;
/// About what an annotation takes.
pub(super) const ANNOTATION: usize = 40;
/// About what exceptions take.
pub(super) const CAUSE: usize = 4 * BLOCK;

fn estimated_details(details: &Details) -> usize {
    let blocks = usize::from(details.http.is_some()) + usize::from(details.aws.is_some()) + usize::from(details.sql.is_some());
    let cause = CAUSE * usize::from(details.cause.is_some());
    let metadata: usize = details.metadata.iter().map(|(_, entries)| BLOCK * entries.len()).sum();
    blocks * BLOCK + cause + details.annotations.len() * ANNOTATION + metadata
}
