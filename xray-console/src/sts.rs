//! STS: enough for credential chains and for the question "am I connected".

use serde_json::{Value, json};

use crate::protocol::ApiError;

/// The account that everything here belongs to.
pub(crate) const ACCOUNT: &str = "000000000000";

/// GetCallerIdentity.
pub(crate) fn get_caller_identity() -> Value {
    json!({ "Arn": format!("arn:aws:iam::{ACCOUNT}:user/local"), "UserId": "AIDALOCALLOCALLOCALL", "Account": ACCOUNT })
}

/// AssumeRole: throw-away credentials that this console, like all others, takes.
pub(crate) fn assume_role(input: &Value) -> Result<Value, ApiError> {
    let text = |key: &str| input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let required = |key: &str| text(key).ok_or_else(|| ApiError::client("ValidationError", format!("{key} is required")));
    let (role, session) = (required("RoleArn")?, required("RoleSessionName")?);
    let name = role.rsplit('/').next().unwrap_or(role);
    Ok(json!({
        "AssumedRoleUser": { "AssumedRoleId": format!("AROALOCALLOCALLOCALL:{session}"), "Arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}") },
        "Credentials": {
            "AccessKeyId": "ASIALOCALLOCALLOCALL", "SecretAccessKey": "local", "SessionToken": "local",
            "Expiration": iso(crate::clock::now() as i64 + 3_600),
        },
    }))
}

/// Epoch seconds as `2026-11-23T06:10:37Z`, by the civil calendar.
fn iso(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_civil() {
        assert_eq!(super::iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(super::iso(1_795_414_237), "2026-11-23T06:10:37Z");
        assert_eq!(super::iso(951_782_399), "2000-02-28T23:59:59Z");
    }
}
