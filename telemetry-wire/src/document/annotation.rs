//! Annotations: the indexed key-value pairs.

use std::borrow::Cow;

use serde::Deserialize;

use crate::bytes::{write_float, write_integer, write_json_string};
use crate::document::limits;

/// A key and a value that filter expressions can search.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// ASCII letters, digits and `_`; see [`limits::annotation_key`].
    pub key: Cow<'static, str>,
    /// The value.
    pub value: AnnotationValue,
    /// The key before it was fixed, if it was: `a.b` and `a_b` are two annotations although both would be `a_b`.
    pub(crate) original: Option<Box<str>>,
}

impl Annotation {
    pub(crate) fn given(&self) -> &str {
        self.original.as_deref().unwrap_or(&self.key)
    }
}

/// The changes that an annotation needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnnotationFixes {
    /// The key had characters that X-Ray refuses.
    pub key: bool,
    /// The value was NaN or infinite, which JSON cannot express; the annotation is left out.
    pub left_out: bool,
}

/// What an annotation can hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum AnnotationValue {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A whole number above `i64::MAX`.
    Unsigned(u64),
    /// Any other number; NaN and infinities are left out of the document.
    Float(f64),
    /// A text, cut at 1,000 characters.
    Text(Cow<'static, str>),
}

impl AnnotationValue {
    /// Whether the document can say this value.
    #[must_use]
    pub fn is_representable(&self) -> bool {
        !matches!(self, Self::Float(number) if !number.is_finite())
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Integer(number) => write_integer(out, *number),
            Self::Unsigned(number) => write_integer(out, *number),
            Self::Float(number) => write_float(out, *number),
            Self::Text(text) => write_json_string(out, limits::cut(text, limits::ANNOTATION_VALUE_CHARS)),
        }
    }
}

macro_rules! from_number {
    ($variant:ident: $($number:ty),*) => {$(
        impl From<$number> for AnnotationValue {
            fn from(number: $number) -> Self {
                i64::try_from(number).map_or(Self::$variant(number as _), Self::Integer)
            }
        }

        impl From<&$number> for AnnotationValue {
            fn from(number: &$number) -> Self {
                (*number).into()
            }
        }
    )*};
}

macro_rules! from_reference {
    ($($value:ty),*) => {$(
        impl From<&$value> for AnnotationValue {
            fn from(value: &$value) -> Self {
                value.clone().into()
            }
        }
    )*};
}

from_reference!(bool, char, f32, f64, &str, Cow<'static, str>);

from_number!(Unsigned: i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

impl From<bool> for AnnotationValue {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<f32> for AnnotationValue {
    fn from(number: f32) -> Self {
        Self::Float(f64::from(number))
    }
}

impl From<f64> for AnnotationValue {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<String> for AnnotationValue {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

/// Copies: annotations outlive what they are taken from. Give a `Cow::Borrowed` for a `'static` text.
impl From<&str> for AnnotationValue {
    fn from(text: &str) -> Self {
        Self::Text(Cow::Owned(limits::cut(text, limits::ANNOTATION_VALUE_CHARS).to_owned()))
    }
}

impl From<&String> for AnnotationValue {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Cow<'static, str>> for AnnotationValue {
    fn from(text: Cow<'static, str>) -> Self {
        Self::Text(text)
    }
}

impl From<char> for AnnotationValue {
    fn from(letter: char) -> Self {
        Self::Text(letter.to_string().into())
    }
}
