//! Finds the trace that a log line belongs to.

use telemetry_wire::TraceId;

/// The first X-Ray id in the line, else the first word of 32 hexadecimal digits; in X-Ray form.
pub(super) fn find(message: &str) -> Option<String> {
    let xray = message.match_indices("1-").find_map(|(at, _)| TraceId::parse(message.get(at..at + TraceId::LEN)?).ok());
    let words = || message.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 32);
    xray.or_else(|| words().find_map(|word| TraceId::parse(word).ok())).map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_found_anywhere_in_a_line() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        for line in [
            format!(r#"{{"traceId":"{id}","message":"paid"}}"#),
            format!("x 1-2 Root={id};Sampled=1"),
            "trace=5759E988bd862e3fe1be46a994272793 é".to_owned(),
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".to_owned(),
        ] {
            assert_eq!(find(&line).as_deref(), Some(id), "{line}");
        }
        assert_eq!(find("1-é 1-5759e988-bd"), None);
    }
}
