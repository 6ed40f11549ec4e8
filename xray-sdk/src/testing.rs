//! The test kit: record in memory, look at documents.
//!
//! ```
//! use xray_sdk::testing::with_recorded_documents;
//!
//! let (documents, ()) = with_recorded_documents(|| {
//!     let segment = xray_sdk::Segment::begin("orders");
//!     segment.context().in_scope(|| drop(xray_sdk::subsegment("query")));
//! });
//! assert_eq!(documents[0].child("query").map(|query| query.fault), Some(false));
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use telemetry_wire::{Document, check_text, document_of};

use crate::emitter::{Counters, Emitter};
use crate::recorder::{Builder, Environment, FLUSH_TIMEOUT, with_thread_recorder};
use crate::sampling::SampleAll;

/// Keeps datagrams in memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryEmitter {
    datagrams: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl MemoryEmitter {
    /// Takes the datagrams so far.
    #[must_use]
    pub fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.datagrams.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the documents so far, each checked against X-Ray's schema.
    ///
    /// # Panics
    /// When one breaks the schema.
    #[must_use]
    pub fn take_documents(&self) -> Vec<Document> {
        self.take().iter().map(|datagram| checked(datagram)).collect()
    }
}

impl Emitter for MemoryEmitter {
    fn emit(&self, datagram: &[u8]) -> std::io::Result<()> {
        self.datagrams.lock().unwrap_or_else(PoisonError::into_inner).push(datagram.to_vec());
        Ok(())
    }
}

/// Runs `work` with a recorder of its own on this thread, everything sampled, and gives the documents in the order in which
/// they were sent. Segments that `work` begins on other threads go elsewhere; subsegments follow their segment.
///
/// # Panics
/// When a document breaks X-Ray's schema.
pub fn with_recorded_documents<R>(work: impl FnOnce() -> R) -> (Vec<Document>, R) {
    let (documents, _, result) = with_recorder(|builder| builder, work);
    (documents, result)
}

/// Like [`with_recorded_documents`], with a builder to change and the counters to look at.
///
/// # Panics
/// When the builder is wrong or a document breaks X-Ray's schema.
pub fn with_recorder<R>(configure: impl FnOnce(Builder) -> Builder, work: impl FnOnce() -> R) -> (Vec<Document>, Counters, R) {
    let emitter = MemoryEmitter::default();
    let builder = Builder::new("test");
    #[cfg(feature = "platform")]
    let builder = builder.platform(None);
    let builder = builder
        .emitter(emitter.clone())
        .centralized_sampling(false)
        .sampler(SampleAll)
        .inline(true)
        .environment(Environment::from_fn(|_| None));
    let recorder = match configure(builder).build() {
        Ok(recorder) => recorder,
        Err(error) => panic!("{error}"),
    };
    let result = with_thread_recorder(recorder, work);
    recorder.flush(FLUSH_TIMEOUT);
    (emitter.take_documents(), recorder.snapshot(), result)
}

fn checked(datagram: &[u8]) -> Document {
    let text = document_of(datagram).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(datagram)));
    match check_text(text.as_bytes()) {
        Ok(violations) => assert!(violations.is_empty(), "{violations:?} in {text}"),
        Err(error) => panic!("{error}: {text}"),
    }
    Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}
