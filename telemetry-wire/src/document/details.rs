//! [`Details`]: what an entity carries beyond its name, times and flags.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::document::annotation::{Annotation, AnnotationFixes, AnnotationValue};
use crate::document::aws::Aws;
use crate::document::cause::Cause;
use crate::document::http::Http;
use crate::document::limits;
use crate::document::object::Object;
use crate::document::segment_info::Link;
use crate::document::sql::Sql;
use crate::id::SegmentId;

/// The optional blocks of a segment or subsegment. Most entities have none, so recorders box this.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// Indexed pairs, in order of first use.
    pub annotations: Vec<Annotation>,
    /// Anything else, by namespace; the default namespace is `default`.
    pub metadata: Vec<(Cow<'static, str>, Map<String, Value>)>,
    /// The end user. Segments only; indexed.
    pub user: Option<String>,
    /// `aws` or `remote`; nothing for local work. Subsegments only.
    pub namespace: Option<Cow<'static, str>>,
    /// HTTP request and response.
    pub http: Option<Box<Http>>,
    /// AWS resources.
    pub aws: Option<Box<Aws>>,
    /// Database query. Subsegments only. Shared, as most of it is the same for each query.
    pub sql: Option<Arc<Sql>>,
    /// Exceptions.
    pub cause: Option<Box<Cause>>,
    /// Whether the called service is traced too, so that none is inferred. Subsegments only.
    pub traced: bool,
    /// Siblings that had ended before this began. Subsegments only.
    pub precursor_ids: Vec<SegmentId>,
    /// Related entities of other traces.
    pub links: Vec<Link>,
}

impl Details {
    /// Sets an annotation; the same key again replaces the value. A key that is taken once it is fixed gets a number: `a_b_2`.
    pub fn annotate(&mut self, key: Cow<'static, str>, value: AnnotationValue) -> AnnotationFixes {
        let fixed = match limits::annotation_key(&key) {
            Cow::Borrowed(_) => None,
            Cow::Owned(fixed) => Some(fixed),
        };
        let fixes = AnnotationFixes { key: fixed.is_some(), left_out: !value.is_representable() };
        if fixes.left_out {
            return fixes;
        }
        if let Some(known) = self.annotations.iter_mut().find(|annotation| annotation.given() == key) {
            known.value = value;
            return fixes;
        }
        let annotation = match fixed {
            Some(fixed) => Annotation { key: Cow::Owned(self.free_key(fixed)), value, original: Some(key.into()) },
            None => {
                self.free(&key);
                Annotation { key, value, original: None }
            }
        };
        self.annotations.push(annotation);
        fixes
    }

    /// Gives the annotation that has this key because its own was fixed another one.
    fn free(&mut self, key: &str) {
        if let Some(at) = self.annotations.iter().position(|annotation| annotation.key == key) {
            let fixed = limits::annotation_key(self.annotations[at].given()).into_owned();
            let other = self.free_key(fixed);
            self.annotations[at].key = Cow::Owned(other);
        }
    }

    /// Returns `key`, or the first of `key_2`, `key_3` and so on that no annotation has.
    fn free_key(&self, key: String) -> String {
        let is_taken = |key: &str| self.annotations.iter().any(|annotation| annotation.key == key);
        let numbered = |number: u32| {
            let number = format!("_{number}");
            let room = limits::ANNOTATION_KEY_CHARS - number.len();
            format!("{}{number}", limits::cut(&key, room))
        };
        if !is_taken(&key) {
            return key;
        }
        (2..).map(numbered).find(|key| !is_taken(key)).unwrap_or(key)
    }

    /// Sets a metadata entry in `namespace`.
    pub fn add_metadata(&mut self, namespace: Cow<'static, str>, key: String, value: Value) {
        let index = self.metadata.iter().position(|(known, _)| *known == namespace).unwrap_or_else(|| {
            self.metadata.push((namespace, Map::new()));
            self.metadata.len() - 1
        });
        if let Some((_, entries)) = self.metadata.get_mut(index) {
            entries.insert(key, value);
        }
    }

    /// Writes all blocks but `aws`, which segments merge with the process's own.
    pub(crate) fn write(&self, entity: &mut Object<'_>) {
        entity.some_text("namespace", self.namespace.as_deref()).short_text("user", self.user.as_deref()).flag("traced", self.traced);
        if let Some(http) = &self.http {
            http.write(entity.key("http"));
        }
        if let Some(sql) = &self.sql {
            sql.write(entity.key("sql"));
        }
        if let Some(cause) = &self.cause {
            cause.write(entity.key("cause"));
        }
        self.write_pairs(entity);
        entity.list("precursor_ids", &self.precursor_ids, |out, id| crate::bytes::write_json_string(out, &id.to_string())).list(
            "links",
            &self.links[..self.links.len().min(limits::LINKS)],
            |out, link| link.write(out),
        );
    }

    fn write_pairs(&self, entity: &mut Object<'_>) {
        let mut representable = self.annotations.iter().filter(|annotation| annotation.value.is_representable()).peekable();
        if representable.peek().is_some() {
            let mut annotations = Object::begin(entity.key("annotations"));
            for annotation in representable {
                annotation.value.write(annotations.key(&annotation.key));
            }
            annotations.end();
        }
        if !self.metadata.is_empty() {
            let mut metadata = Object::begin(entity.key("metadata"));
            for (namespace, entries) in &self.metadata {
                write_map(metadata.key(namespace), entries);
            }
            metadata.end();
        }
    }
}

fn write_map(out: &mut Vec<u8>, entries: &Map<String, Value>) {
    let mut object = Object::begin(out);
    for (key, value) in entries {
        object.key(key).extend_from_slice(value.to_string().as_bytes());
    }
    object.end();
}
