//! [`Object`]: a JSON object under way, for blocks that leave out what is not set.

use crate::bytes::{write_integer, write_json_string};
use crate::document::limits;

/// Writes `{`, then fields, then `}` on [`Self::end`].
pub(crate) struct Object<'b> {
    out: &'b mut Vec<u8>,
    separator: &'static [u8],
}

impl<'b> Object<'b> {
    pub(crate) fn begin(out: &'b mut Vec<u8>) -> Self {
        Self { out, separator: b"{" }
    }

    /// Goes on in an object that already has a field.
    pub(crate) fn resume(out: &'b mut Vec<u8>) -> Self {
        Self { out, separator: b"," }
    }

    /// Writes the key and gives the buffer for the value.
    pub(crate) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.out.extend_from_slice(self.separator);
        self.separator = b",";
        write_json_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        write_json_string(self.key(key), value);
        self
    }

    pub(crate) fn some_text(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(key, value);
        }
        self
    }

    /// A text that the service cuts at [`limits::TEXT_CHARS`].
    pub(crate) fn short_text(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        self.some_text(key, value.map(|value| limits::cut(value, limits::TEXT_CHARS)))
    }

    pub(crate) fn integer(&mut self, key: &str, value: Option<impl itoa::Integer>) -> &mut Self {
        if let Some(value) = value {
            write_integer(self.key(key), value);
        }
        self
    }

    /// A flag that stands only when it is true.
    pub(crate) fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        if value {
            self.key(key).extend_from_slice(b"true");
        }
        self
    }

    pub(crate) fn list<T>(&mut self, key: &str, items: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) -> &mut Self {
        if !items.is_empty() {
            let out = self.key(key);
            let mut separator = b'[';
            for item in items {
                out.push(separator);
                separator = b',';
                write(out, item);
            }
            out.push(b']');
        }
        self
    }

    pub(crate) fn texts(&mut self, key: &str, items: &[String]) -> &mut Self {
        self.list(key, items, |out, item| write_json_string(out, item))
    }

    pub(crate) fn end(self) {
        if self.separator == b"{" {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}
