//! [`Document`]: the owned tree that readers use.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::document::annotation::AnnotationValue;
use crate::document::aws::Aws;
use crate::document::cause::Cause;
use crate::document::encode::Flags;
use crate::document::http::Http;
use crate::document::segment_info::{Link, Service};
use crate::document::sql::Sql;
use crate::id::{SegmentId, TraceId};

/// A segment or subsegment as read from JSON, with all that is nested in it. Unknown fields are passed over, and so are optional
/// blocks of a wrong type: a trace is worth more than its details.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(remote = "Self")]
pub struct Document {
    /// The service, or what was called or done.
    pub name: String,
    /// Unique within the trace.
    pub id: SegmentId,
    /// Missing in nested subsegments.
    #[serde(default)]
    pub trace_id: Option<TraceId>,
    /// Of a segment: the calling subsegment. Of an independent subsegment: the entity it belongs to.
    #[serde(default)]
    pub parent_id: Option<SegmentId>,
    /// `subsegment` on an independent subsegment.
    #[serde(rename = "type", default)]
    pub kind: Option<DocumentKind>,
    /// Epoch seconds.
    pub start_time: f64,
    /// Epoch seconds; missing while in progress.
    #[serde(default)]
    pub end_time: Option<f64>,
    /// Whether a later document will replace this one.
    #[serde(default)]
    pub in_progress: bool,
    /// The caller's fault.
    #[serde(default)]
    pub error: bool,
    /// The service's fault.
    #[serde(default)]
    pub fault: bool,
    /// Too many requests.
    #[serde(default)]
    pub throttle: bool,
    /// The application.
    #[serde(default, deserialize_with = "tolerant")]
    pub service: Option<Service>,
    /// The end user.
    #[serde(default, deserialize_with = "tolerant")]
    pub user: Option<String>,
    /// The kind of resource the application runs on.
    #[serde(default, deserialize_with = "tolerant")]
    pub origin: Option<String>,
    /// That resource's ARN.
    #[serde(default, deserialize_with = "tolerant")]
    pub resource_arn: Option<String>,
    /// `aws` or `remote`.
    #[serde(default, deserialize_with = "tolerant")]
    pub namespace: Option<String>,
    /// HTTP request and response.
    #[serde(default, deserialize_with = "tolerant")]
    pub http: Option<Http>,
    /// AWS resources.
    #[serde(default, deserialize_with = "tolerant")]
    pub aws: Option<Aws>,
    /// Database query.
    #[serde(default, deserialize_with = "tolerant")]
    pub sql: Option<Sql>,
    /// Exceptions.
    #[serde(default, deserialize_with = "tolerant")]
    pub cause: Option<Cause>,
    /// Indexed pairs.
    #[serde(default, deserialize_with = "tolerant_annotations")]
    pub annotations: BTreeMap<String, AnnotationValue>,
    /// Everything else, by namespace.
    #[serde(default, deserialize_with = "tolerant")]
    pub metadata: Map<String, Value>,
    /// Whether the called service reports too.
    #[serde(default)]
    pub traced: bool,
    /// Siblings that had ended before.
    #[serde(default, deserialize_with = "tolerant")]
    pub precursor_ids: Vec<SegmentId>,
    /// Related entities of other traces.
    #[serde(default, deserialize_with = "tolerant")]
    pub links: Vec<Link>,
    /// Children.
    #[serde(skip)]
    pub subsegments: Vec<Self>,
    /// Set by the service on segments that it made up for services that do not report.
    #[serde(default)]
    pub inferred: bool,
}

/// The `type` of a document; segments have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// A subsegment that came on its own.
    Subsegment,
    /// Written out by some senders.
    Segment,
}

/// Children are read level by level, not by recursion: a frame per level of a type this large overflows the stack of a small
/// thread long before JSON's own limit of 128 levels.
impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut read: Vec<(usize, Self)> = Vec::new();
        let mut waiting = vec![(0, Value::deserialize(deserializer)?)];
        while let Some((parent, mut value)) = waiting.pop() {
            let children = value.as_object_mut().and_then(|fields| fields.remove("subsegments"));
            read.push((parent, Self::deserialize(value).map_err(D::Error::custom)?));
            match children {
                None => {}
                Some(Value::Array(children)) => waiting.extend(children.into_iter().rev().map(|child| (read.len() - 1, child))),
                Some(_) => return Err(D::Error::custom("subsegments is not an array")),
            }
        }
        while let Some((parent, mut document)) = read.pop() {
            document.subsegments.reverse();
            match read.get_mut(parent) {
                Some((_, parent)) => parent.subsegments.push(document),
                None => return Ok(document),
            }
        }
        Err(D::Error::custom("no document"))
    }
}

/// What is of another type is as if it were not there.
fn tolerant<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    Value::deserialize(deserializer).map(|value| T::deserialize(value).unwrap_or_default())
}

/// The same, annotation by annotation.
fn tolerant_annotations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, AnnotationValue>, D::Error> {
    let entries: Map<String, Value> = tolerant(deserializer)?;
    Ok(entries.into_iter().filter_map(|(key, value)| Some((key, AnnotationValue::deserialize(value).ok()?))).collect())
}

impl Document {
    /// Reads one document.
    ///
    /// # Errors
    /// When the text is no JSON, nests deeper than 128 levels, or lacks a name, id or start time of the right type.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// Whether it is an independent subsegment.
    #[must_use]
    pub fn is_subsegment(&self) -> bool {
        self.kind == Some(DocumentKind::Subsegment)
    }

    /// The three flags, with those that an HTTP status implies.
    #[must_use]
    pub fn flags(&self) -> Flags {
        let own = Flags { error: self.error, fault: self.fault, throttle: self.throttle };
        let status = self.http.as_ref().and_then(|http| http.response.status);
        if own.any() { own } else { status.map(Flags::of_status).unwrap_or_default() }
    }

    /// Visits this entity and all below it, parents first, without recursion.
    pub fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            let next = waiting.pop()?;
            waiting.extend(next.subsegments.iter().rev());
            Some(next)
        })
    }

    /// Finds a child of this entity by name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.subsegments.iter().find(|child| child.name == name)
    }
}
