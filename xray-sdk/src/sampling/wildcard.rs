//! Patterns of sampling rules and dynamic names.

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
        }
    }
}
