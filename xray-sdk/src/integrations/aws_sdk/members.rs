//! Members of inputs in JSON: tables, queues, counts and settings, read without keeping the rest.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use telemetry_wire::Aws;

use super::attributes::{SHOWN, SHOWN_SETTINGS, more, set, snake_case};

/// Bytes of a body that are read. The AWS SDK writes names of resources first and payloads after them.
const READ: usize = 64 * 1024;
/// Operations of which nothing is shown after the table, and whose bodies are mostly values.
const ENDS_WITH_TABLE: [&str; 3] = ["DeleteItem", "PutItem", "UpdateItem"];

/// Adds the members of a body that are shown. `operation` is the last part of `X-Amz-Target`.
pub(super) fn describe(aws: &mut Aws, operation: &str, body: &[u8]) {
    let mut lists = Lists::default();
    let members = Members { aws, lists: &mut lists, ends_with_table: ENDS_WITH_TABLE.contains(&operation) };
    // An error is the end of what is read, or of what is JSON. What was read before it stays.
    let _end = serde_json::Deserializer::from_slice(body.get(..READ).unwrap_or(body)).deserialize_map(members);
    lists.describe(aws);
}

struct Members<'a> {
    aws: &'a mut Aws,
    lists: &'a mut Lists,
    ends_with_table: bool,
}

/// Lists whose meaning depends on other members. Complete ones only: a part would pass for the whole.
#[derive(Default)]
struct Lists {
    message_attributes: Option<Vec<String>>,
    attributes: Option<Vec<String>>,
    tables: BTreeSet<String>,
    /// The event bus of each entry of a batch.
    entries: Option<Vec<Option<String>>>,
}

impl Lists {
    fn describe(self, aws: &mut Aws) {
        let is_of_queue = aws.queue_url.is_some();
        for (shown, names) in [("message_attribute_names", self.message_attributes), ("attribute_names", self.attributes)] {
            if let Some(names) = names.filter(|_| is_of_queue) {
                more(aws, shown, names.into());
            }
        }
        if aws.table_name.is_none() {
            aws.table_names = self.tables.into_iter().collect();
        }
        match self.entries {
            Some(entries) if is_of_queue => more(aws, "message_count", entries.len().into()),
            Some(entries) => aws.resource_names = entries.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect(),
            None => {}
        }
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the members of an operation")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(Outline::Text(name)) = map.next_key_seed(Keep { depth: 0, text_of: "" })? {
            if SHOWN.binary_search(&&*name).is_ok() {
                if let Outline::Text(value) = map.next_value_seed(Keep { depth: 0, text_of: "" })? {
                    set(self.aws, &name, &value);
                }
                if self.ends_with_table && name == "TableName" {
                    return Err(M::Error::custom("the rest is not read"));
                }
            } else if SHOWN_SETTINGS.binary_search(&&*name).is_ok() {
                let value = map.next_value()?;
                more(self.aws, snake_case(&name), value);
            } else {
                self.lists.read(&name, &mut map)?;
            }
        }
        Ok(())
    }
}

impl Lists {
    fn read<'de, M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<(), M::Error> {
        let mut value = |depth, text_of| map.next_value_seed(Keep { depth, text_of });
        match name {
            "MessageAttributes" => self.message_attributes = value(1, "")?.keys(),
            "Attributes" => self.attributes = value(1, "")?.keys(),
            "RequestItems" => self.tables.extend(value(1, "")?.keys().into_iter().flatten()),
            "TransactItems" => {
                let actions = value(3, "TableName")?.into_values().flat_map(Outline::into_values);
                self.tables.extend(actions.filter_map(|action| action.into_text_of("TableName")));
            }
            "Entries" => {
                let entries = value(2, "EventBusName")?.into_values();
                self.entries = Some(entries.map(|entry| entry.into_text_of("EventBusName")).collect());
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// A JSON value of which little is kept.
enum Outline<'de> {
    Text(Cow<'de, str>),
    Object(Vec<(Cow<'de, str>, Self)>),
    Array(Vec<Self>),
    /// A number, a boolean, null; or what is not kept.
    Other,
}

impl Outline<'_> {
    fn keys(self) -> Option<Vec<String>> {
        match self {
            Self::Object(members) => Some(members.into_iter().map(|(key, _)| key.into_owned()).collect()),
            Self::Text(_) | Self::Array(_) | Self::Other => None,
        }
    }

    /// The values of an object, or of an array; none of anything else.
    fn into_values(self) -> impl Iterator<Item = Self> {
        let (members, items) = match self {
            Self::Object(members) => (members, Vec::new()),
            Self::Array(items) => (Vec::new(), items),
            Self::Text(_) | Self::Other => Default::default(),
        };
        members.into_iter().map(|(_, value)| value).chain(items)
    }

    fn into_text_of(self, key: &str) -> Option<String> {
        let Self::Object(members) = self else { return None };
        members.into_iter().find_map(|(name, value)| match value {
            Self::Text(text) if name == key => Some(text.into_owned()),
            _ => None,
        })
    }
}

/// Keeps `depth` levels of objects and arrays. Of the values of the innermost objects it keeps those of key `text_of`.
#[derive(Clone, Copy)]
struct Keep {
    depth: u8,
    text_of: &'static str,
}

impl Keep {
    const fn below(self) -> Self {
        Self { depth: self.depth.saturating_sub(1), ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Keep {
    type Value = Outline<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outline<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep {
    type Value = Outline<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Outline<'de>, E> {
        Ok(Outline::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Outline<'de>, E> {
        Ok(Outline::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Outline<'de>, E> {
        Ok(Outline::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Outline<'de>, E> {
        Ok(Outline::Other)
    }

    fn visit_unit<E>(self) -> Result<Outline<'de>, E> {
        Ok(Outline::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Outline<'de>, E> {
        Ok(Outline::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Outline<'de>, E> {
        Ok(Outline::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Outline<'de>, S::Error> {
        if self.depth == 0 {
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Outline::Other);
        }
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(self.below())? {
            items.push(item);
        }
        Ok(Outline::Array(items))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Outline<'de>, M::Error> {
        if self.depth == 0 {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Outline::Other);
        }
        let mut members = Vec::new();
        while let Some(Outline::Text(key)) = map.next_key_seed(self.below())? {
            let is_kept = self.depth > 1 || key == self.text_of;
            let value =
                if is_kept { map.next_value_seed(self.below())? } else { map.next_value::<IgnoredAny>().map(|_| Outline::Other)? };
            members.push((key, value));
        }
        Ok(Outline::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(operation: &str, body: &str) -> Aws {
        let mut aws = Aws::default();
        describe(&mut aws, operation, body.as_bytes());
        aws
    }

    #[test]
    fn the_tables_that_are_searched_are_sorted() {
        assert!(SHOWN.is_sorted() && SHOWN_SETTINGS.is_sorted());
    }

    #[test]
    fn batches_and_transactions_name_their_tables() {
        assert_eq!(described("BatchGetItem", r#"{"RequestItems":{"b":[],"a":[]}}"#).table_names, ["a", "b"]);
        let transaction = r#"{"TransactItems":[{"Put":{"Item":{"id":{"S":"s3cret"}},"TableName":"t"}},{"Delete":{"TableName":"s"}},{}]}"#;
        assert_eq!(described("TransactWriteItems", transaction).table_names, ["s", "t"]);
        let events = r#"{"Entries":[{"Detail":"{\"a\":\"s3cret\"}","EventBusName":"orders"},{},{"EventBusName":"orders"}]}"#;
        assert_eq!(described("PutEvents", events).resource_names, ["orders"]);
    }

    #[test]
    fn settings_are_shown_and_values_are_not() {
        let aws = described("Query", r#"{"TableName":"t","ConsistentRead":true,"Limit":5,"Key":{"id":{"S":"s3cret"}},"Item":"s3cret"}"#);
        assert_eq!((aws.table_name.as_deref(), &aws.more["consistent_read"], &aws.more["limit"]), (Some("t"), &true.into(), &5.into()));
        assert!(!format!("{aws:?}").contains("s3cret"));
    }

    #[test]
    fn of_message_attributes_the_names_are_shown_wherever_the_queue_stands() {
        let attributes = r#""MessageAttributes":{"kind":{"DataType":"String","StringValue":"s3cret"}}"#;
        for body in [format!(r#"{{"QueueUrl":"q",{attributes}}}"#), format!(r#"{{{attributes},"QueueUrl":"q"}}"#)] {
            let aws = described("SendMessage", &body);
            assert_eq!(aws.more["message_attribute_names"], serde_json::json!(["kind"]));
            assert!(!format!("{aws:?}").contains("s3cret"));
        }
        assert!(described("CreateThing", &format!("{{{attributes}}}")).more.is_empty(), "of no queue");
    }

    #[test]
    fn a_large_body_has_its_names_and_no_part_of_a_list() {
        let value = "x".repeat(2 * READ);
        assert_eq!(
            described("PutItem", &format!(r#"{{"TableName":"t","Item":{{"a":{{"S":"{value}"}}}}}}"#)).table_name.as_deref(),
            Some("t")
        );
        let aws = described("SendMessageBatch", &format!(r#"{{"QueueUrl":"q","Entries":[{{"Id":"1"}},{{"MessageBody":"{value}"}}]}}"#));
        assert_eq!((aws.queue_url.as_deref(), aws.more.len()), (Some("q"), 0));
    }

    #[test]
    fn members_of_other_types_and_broken_bodies_keep_what_can_be_read() {
        let odd = r#"{"QueueUrl":7,"Attributes":["a"],"MessageAttributes":null,"RequestItems":true,"TransactItems":[[],7],"Entries":{"a":1},"Limit":5}"#;
        let aws = described("SomeOperation", odd);
        assert_eq!((&aws.queue_url, &aws.table_names[..], &aws.more["limit"]), (&None, &[][..], &5.into()));
        for broken in ["{\"Limit\":", "Action=Publish", "", "[]", "{\"TableName\"", "{\"\u{0}"] {
            assert_eq!(described("Query", broken), Aws::default(), "{broken}");
        }
        assert_eq!(described("Query", r#"{"TableName":"t","Limit":"#).table_name.as_deref(), Some("t"));
    }
}
