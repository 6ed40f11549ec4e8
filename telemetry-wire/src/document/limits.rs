//! Limits of segment documents, and the mildest change that brings a text within each.
//!
//! Source: "AWS X-Ray segment documents" and the published JSON schema v1.0.0.

use std::borrow::Cow;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Bytes of one document, "64 kB".
pub const DOCUMENT_BYTES: usize = 64 * 1024;
/// Characters of a name.
pub const NAME_CHARS: usize = 200;
/// Characters of `user` and of the strings in `http`.
pub const TEXT_CHARS: usize = 250;
/// Characters of an annotation's key.
pub const ANNOTATION_KEY_CHARS: usize = 500;
/// Characters of an annotation's text value.
pub const ANNOTATION_VALUE_CHARS: usize = 1_000;
/// Annotations that X-Ray indexes per trace.
pub const ANNOTATIONS: usize = 50;
/// Links per segment.
pub const LINKS: usize = 20;
/// Levels of subsegments that we nest in one document; common JSON readers stop at 128 levels, and a subsegment is two.
pub const DEPTH: usize = 56;

/// Keeps the characters that a name may have, at most [`NAME_CHARS`] of them; an empty name becomes `unnamed`.
#[must_use]
pub fn name(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.len() <= NAME_CHARS && text.bytes().all(is_plain_name_byte) {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().filter(|&c| is_name_char(c)).take(NAME_CHARS).collect();
    match kept {
        kept if kept.is_empty() => Cow::Borrowed("unnamed"),
        kept if kept == text => Cow::Borrowed(text),
        kept => Cow::Owned(kept),
    }
}

/// Returns whether a name may have this character: the schema's `[\p{L}\p{Z}\p{N}_.:/%&#=+\-@]`. Combining marks are none of these, so that
/// a name in Devanagari or with Arabic vowel signs loses them.
#[must_use]
pub fn is_name_char(c: char) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Separator};
    if c.is_ascii() { is_plain_name_byte(c as u8) } else { matches!(c.general_category_group(), Letter | Number | Separator) }
}

const fn is_plain_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b':' | b'/' | b'%' | b'&' | b'#' | b'=' | b'+' | b'-' | b'@')
}

/// Puts `_` for each character that an annotation's key may not have; an empty key becomes `_`.
#[must_use]
pub fn annotation_key(key: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !key.is_empty() && key.len() <= ANNOTATION_KEY_CHARS && key.chars().all(fits) {
        return Cow::Borrowed(key);
    }
    let fixed: String = key.chars().take(ANNOTATION_KEY_CHARS).map(|c| if fits(c) { c } else { '_' }).collect();
    Cow::Owned(if fixed.is_empty() { "_".to_owned() } else { fixed })
}

/// The first `chars` characters of `text`.
#[must_use]
pub fn cut(text: &str, chars: usize) -> &str {
    if text.len() <= chars {
        return text;
    }
    match text.char_indices().nth(chars) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_only_what_x_ray_refuses() {
        assert_eq!(name("POST /order:42 50% a&b#c=d+e-f@g_h.i"), "POST /order:42 50% a&b#c=d+e-f@g_h.i");
        assert_eq!(name("añb 日本"), "añb 日本");
        assert_eq!(name("a<b>\"c\"\u{0}?"), "abc");
        assert_eq!(name("!!"), "unnamed");
        assert_eq!(name(&"é".repeat(65_000)).chars().count(), NAME_CHARS);
    }

    #[test]
    fn names_may_have_the_characters_of_the_schema_and_no_others() {
        let pattern = regex::Regex::new(r"^[\p{L}\p{Z}\p{N}_.:/%&#=+\-@]$").expect("a pattern");
        // Characters that one of the two sources has not heard of yet.
        let unassigned = regex::Regex::new(r"^\p{Cn}$").expect("a pattern");
        let is_wrong = |c: char| {
            let mut buffer = [0; 4];
            let text = &*c.encode_utf8(&mut buffer);
            is_name_char(c) != pattern.is_match(text) && !unassigned.is_match(text)
        };
        let wrong: Vec<char> = (char::MIN..=char::MAX).filter(|&c| is_wrong(c)).take(20).collect();
        assert_eq!(wrong, []);
        // Marks, a letter in a circle, a control character: alphanumeric or white space in Rust, refused by X-Ray.
        assert_eq!((name("हिन्दी"), name("a\u{24b6}b"), name("a\u{85}b")), ("हनद".into(), "ab".into(), "ab".into()));
    }

    #[test]
    fn annotation_keys_keep_their_length() {
        assert_eq!(annotation_key("user.id"), "user_id");
        assert_eq!(annotation_key(""), "_");
        assert_eq!(annotation_key(&"x".repeat(501)).len(), ANNOTATION_KEY_CHARS);
    }

    #[test]
    fn cuts_fall_between_characters() {
        assert_eq!(cut("日本語", 2), "日本");
        assert_eq!(cut("abc", 3), "abc");
    }
}
