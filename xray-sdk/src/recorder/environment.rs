//! The `AWS_XRAY_*` variables. Each beats what the code says, as in every official SDK.

/// Looks environment variables up; tests give their own.
pub struct Environment<'a> {
    lookup: Box<Lookup<'a>>,
}

type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl std::fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

impl<'a> Environment<'a> {
    /// The process's variables; those that are not UTF-8 are as if not set.
    #[must_use]
    pub fn process() -> Self {
        Self::from_fn(|name| std::env::var(name).ok())
    }

    /// Any other source.
    pub fn from_fn(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self { lookup: Box::new(lookup) }
    }

    /// A variable that is set and not blank.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// `AWS_XRAY_SDK_ENABLED` (Python's switch) and `AWS_XRAY_SDK_DISABLED` (Go's): off when either says so. Words that mean
    /// neither yes nor no leave the SDK on.
    pub(crate) fn is_enabled(&self) -> Option<bool> {
        let enabled = self.get("AWS_XRAY_SDK_ENABLED").and_then(|word| truth(&word));
        let disabled = self.get("AWS_XRAY_SDK_DISABLED").and_then(|word| truth(&word));
        match (enabled, disabled) {
            (None, None) => None,
            (enabled, disabled) => Some(enabled.unwrap_or(true) && !disabled.unwrap_or(false)),
        }
    }

    /// Whether this process is a Lambda function.
    pub(crate) fn is_lambda(&self) -> bool {
        self.get("LAMBDA_TASK_ROOT").is_some()
    }
}

fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" | "on" => Some(true),
        "false" | "f" | "0" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_enabled(enabled: &str, disabled: &str) -> Option<bool> {
        let lookup = |name: &str| Some(if name.ends_with("ENABLED") { enabled } else { disabled }.to_owned());
        Environment::from_fn(lookup).is_enabled()
    }

    #[test]
    fn either_switch_turns_the_sdk_off() {
        assert_eq!(is_enabled("", ""), None);
        assert_eq!(is_enabled("False", ""), Some(false));
        assert_eq!(is_enabled("", "TRUE"), Some(false));
        assert_eq!(is_enabled("yes", "no"), Some(true));
        assert_eq!(is_enabled("maybe", ""), None);
    }
}
