//! Trace ids in X-Ray and W3C form, and segment ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bytes::{hex_of_u64, hex_to_u64};

/// Identifies a trace: 32 bits that are epoch seconds in X-Ray's own ids, and 96 random ones.
///
/// Displays in X-Ray form, `1-` 8 digits `-` 24 digits; [`Self::to_w3c`] gives the 32 digits of `traceparent`. X-Ray
/// accepts ids whose first part is not a time (PutTraceSegments API reference).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(u128);

/// Identifies a segment, subsegment or recorded exception: 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(u64);

/// The text is not an id of the wanted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdError {
    expected: &'static str,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for IdError {}

impl TraceId {
    /// Length of the X-Ray form.
    pub const LEN: usize = 35;

    /// Joins the time part and the lower 96 bits of `random`.
    #[must_use]
    pub const fn new(epoch_seconds: u32, random: u128) -> Self {
        Self((epoch_seconds as u128) << 96 | random & ((1 << 96) - 1))
    }

    /// Takes all 128 bits, in the order in which they are written.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// All 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// The time part; a random number in ids that began as W3C ids.
    #[must_use]
    pub const fn epoch_seconds(self) -> u32 {
        (self.0 >> 96) as u32
    }

    /// Reads either form, in either case of letters.
    ///
    /// # Errors
    /// When the text is neither 35 characters of X-Ray form nor 32 hexadecimal digits, or is all zeros in W3C form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Self::from_bytes(text.as_bytes()).ok_or(IdError { expected: "a trace id like 1-5759e988-bd862e3fe1be46a994272793" })
    }

    pub(crate) fn from_bytes(text: &[u8]) -> Option<Self> {
        match text {
            [b'1', b'-', rest @ ..] if rest.len() == 33 && rest[8] == b'-' => {
                let (time, high, low) = (hex_to_u64(&rest[..8])?, hex_to_u64(&rest[9..17])?, hex_to_u64(&rest[17..])?);
                Some(Self(u128::from(time << 32 | high) << 64 | u128::from(low)))
            }
            digits if digits.len() == 32 => {
                let (high, low) = (hex_to_u64(&digits[..16])?, hex_to_u64(&digits[16..])?);
                Some(Self(u128::from(high) << 64 | u128::from(low))).filter(|id| id.0 != 0)
            }
            _ => None,
        }
    }

    /// The X-Ray form as ASCII bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let digits = self.hex();
        let mut text = *b"1-00000000-000000000000000000000000";
        text[2..10].copy_from_slice(&digits[..8]);
        text[11..].copy_from_slice(&digits[8..]);
        text
    }

    /// The 32 digits that `traceparent` and OpenTelemetry use.
    #[must_use]
    pub fn to_w3c(self) -> String {
        ascii(&self.hex()).to_owned()
    }

    fn hex(self) -> [u8; 32] {
        let mut digits = [0; 32];
        digits[..16].copy_from_slice(&hex_of_u64((self.0 >> 64) as u64));
        digits[16..].copy_from_slice(&hex_of_u64(self.0 as u64));
        digits
    }
}

impl SegmentId {
    /// Takes all 64 bits.
    #[must_use]
    pub const fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    /// All 64 bits.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Reads 16 hexadecimal digits of either case.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Self::from_bytes(text.as_bytes()).ok_or(IdError { expected: "16 hexadecimal digits" })
    }

    pub(crate) fn from_bytes(text: &[u8]) -> Option<Self> {
        (text.len() == 16).then(|| hex_to_u64(text))?.map(Self)
    }

    /// The 16 digits as ASCII bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        hex_of_u64(self.0)
    }
}

/// Our own hexadecimal digits and dashes as text.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

macro_rules! text_form {
    ($id:ident) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(ascii(&self.to_bytes()))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $id {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_form!(TraceId);
text_form!(SegmentId);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_name_the_same_trace() {
        let xray = TraceId::parse("1-5759e988-bd862e3fe1be46a994272793").unwrap();
        let w3c = TraceId::parse("5759E988BD862E3FE1BE46A994272793").unwrap();
        assert_eq!(xray, w3c);
        assert_eq!(xray.epoch_seconds(), 0x5759_e988);
        assert_eq!(xray.to_w3c(), "5759e988bd862e3fe1be46a994272793");
    }

    #[test]
    fn malformed_ids_are_refused() {
        for text in
            ["", "1-", "2-5759e988-bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a99427279", "1-5759e988xbd862e3fe1be46a994272793"]
        {
            assert!(TraceId::parse(text).is_err(), "{text}");
        }
        for text in ["", "53995c3f42cd8ad", "53995c3f42cd8ad8a", "53995c3f42cd8adg"] {
            assert!(SegmentId::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn ids_read_back(trace: u128, segment: u64) {
            let (trace, segment) = (TraceId::from_u128(trace), SegmentId::from_u64(segment));
            prop_assert_eq!(TraceId::parse(&trace.to_string()), Ok(trace));
            prop_assert_eq!(SegmentId::parse(&segment.to_string()), Ok(segment));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            std::hint::black_box((TraceId::parse(&text).is_ok(), SegmentId::parse(&text).is_ok()));
        }
    }
}
