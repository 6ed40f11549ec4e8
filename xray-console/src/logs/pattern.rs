//! Filter patterns of terms and phrases: `ERROR "no answer" -health`, `?ERROR ?WARN`. Case-sensitive.

use crate::protocol::ApiError;

/// Characters of a pattern.
const CHARS: usize = 1_024;

/// A pattern of terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pattern {
    all: Vec<String>,
    none: Vec<String>,
    any: Vec<String>,
}

impl Pattern {
    /// Reads a pattern. JSON, space-delimited and regular expressions are told apart and refused, not ignored.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let refuse = |why: &str| ApiError::invalid_parameter(format!("Invalid filter pattern: {why}"));
        if text.chars().count() > CHARS {
            return Err(refuse("more than 1,024 characters"));
        }
        let mut rest = text.trim();
        let not_served = || refuse("JSON, space-delimited and %regex% patterns are not served yet; use terms and \"phrases\"");
        if rest.starts_with(['{', '[']) {
            return Err(not_served());
        }
        let mut pattern = Self::default();
        while !rest.is_empty() {
            let (sign, term) = match rest.strip_prefix(['-', '?']) {
                Some(term) => (rest.chars().next(), term),
                None => (None, rest),
            };
            let (term, after) = if let Some(phrase) = term.strip_prefix('"') {
                phrase.split_once('"').ok_or_else(|| refuse("a quote is not closed"))?
            } else {
                let (term, after) = term.split_once(char::is_whitespace).unwrap_or((term, ""));
                if term.contains('%') {
                    return Err(not_served());
                }
                (term, after)
            };
            if term.is_empty() {
                return Err(refuse("a sign without a term"));
            }
            match sign {
                Some('-') => pattern.none.push(term.to_owned()),
                Some(_) => pattern.any.push(term.to_owned()),
                None => pattern.all.push(term.to_owned()),
            }
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// `?` terms count only when there are no others.
    pub(crate) fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        let is_choice = self.all.is_empty() && self.none.is_empty() && !self.any.is_empty();
        if is_choice { self.any.iter().any(has) } else { self.all.iter().all(has) && !self.none.iter().any(has) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_phrases_and_signs_match_as_documented() {
        for (pattern, message, expected) in [
            ("", "anything", true),
            ("ERROR", "[ERROR 400] BAD REQUEST", true),
            ("ERROR", "an error happened", false),
            ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true),
            ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED", false),
            ("\"BAD REQUEST\" ERROR", "[ERROR 400] BAD REQUEST", true),
            ("\"BAD REQUEST\"", "BAD  REQUEST", false),
            ("?ERROR ?WARN", "INFO ok", false),
            ("?ERROR ?WARN", "WARN low", true),
            ("?ERROR ?WARN REQUEST", "[INFO] REQUEST FAILED", true),
            ("ERROR -ARGUMENTS", "[ERROR 400] BAD", true),
            ("ERROR -ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", false),
            ("-ARGUMENTS", "fine", true),
            ("\"100%\"", "disk 100% full", true),
            ("\"100%\"", "disk 99% full", false),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(message), expected, "{pattern} on {message}");
        }
    }

    #[test]
    fn what_is_not_served_is_refused() {
        for pattern in ["{ $.a = 1 }", "[a, b]", "%x%", "\"open", "ERROR -"] {
            assert_eq!(Pattern::parse(pattern).unwrap_err().code, "InvalidParameterException", "{pattern}");
        }
    }
}
