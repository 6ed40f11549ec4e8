//! Patterns of sampling rules and dynamic names.

/// A pattern told apart by what it takes to match: nearly all have a star at one end or none.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Any,
    Exact(String),
    Prefix(String),
    Suffix(String),
    General(String),
}

impl Pattern {
    pub(super) fn new(text: String) -> Self {
        let is_plain = |text: &str| !text.contains(['*', '?']);
        match (text.strip_suffix('*'), text.strip_prefix('*')) {
            _ if text == "*" => Self::Any,
            _ if is_plain(&text) => Self::Exact(text),
            (Some(prefix), _) if is_plain(prefix) => Self::Prefix(prefix.to_owned()),
            (_, Some(suffix)) if is_plain(suffix) => Self::Suffix(suffix.to_owned()),
            _ => Self::General(text),
        }
    }

    #[inline]
    pub(super) fn matches(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Any => true,
            Self::Exact(wanted) => text.eq_ignore_ascii_case(wanted),
            Self::Prefix(wanted) => bytes.get(..wanted.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(wanted.as_bytes())),
            Self::Suffix(wanted) => {
                let end = bytes.len().checked_sub(wanted.len()).and_then(|at| bytes.get(at..));
                end.is_some_and(|end| end.eq_ignore_ascii_case(wanted.as_bytes()))
            }
            Self::General(pattern) => matches_pattern(pattern, text),
        }
    }
}

/// Whether the whole of `text` matches `pattern`, where `*` is any run and `?` one character; case does not count.
#[must_use]
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t = next_character(text, t);
            }
            Some(wanted) if wanted.eq_ignore_ascii_case(&byte) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star, from)) = retry else { return false };
                retry = Some((star, from + 1));
                p = star + 1;
                t = from + 1;
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&byte| byte == b'*')
}

fn next_character(text: &[u8], at: usize) -> usize {
    const fn is_continuation(byte: u8) -> bool {
        byte & 0xc0 == 0x80
    }
    let rest = text.get(at + 1..).unwrap_or_default();
    at + 1 + rest.iter().take_while(|&&byte| is_continuation(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_whole_texts() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("*.Example.com", "API.example.COM", true),
            ("/orders/*/items", "/orders/7/9/items", true),
            ("/orders/?", "/orders/12", false),
            ("**a**", "bab", true),
            ("a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
            assert_eq!(Pattern::new(pattern.into()).matches(text), expected, "compiled {pattern} {text}");
        }
    }
}
