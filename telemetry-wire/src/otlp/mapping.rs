//! [`DocumentMapping`]: how spans become documents.

use std::collections::HashSet;

use crate::document::limits;

/// How spans become documents.
#[derive(Clone, Debug)]
pub struct DocumentMapping {
    /// Attributes that become annotations, beside those that a span lists in `aws.xray.annotations`. Default: none.
    pub indexed: HashSet<String>,
    /// Whether all become annotations that can. Default: no.
    pub indexes_all: bool,
    /// Bytes of a document. Default: [`limits::DOCUMENT_BYTES`].
    pub document_bytes: usize,
}

impl Default for DocumentMapping {
    fn default() -> Self {
        Self { indexed: HashSet::new(), indexes_all: false, document_bytes: limits::DOCUMENT_BYTES }
    }
}
