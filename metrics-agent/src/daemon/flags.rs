//! [`from_go`]: Go's way to write flags made into ours.

use std::ffi::OsString;

/// Short and long names of what takes a value. The last two are not the daemon's.
const VALUES: [(&str, &str); 12] = [
    ("a", "resource-arn"),
    ("m", "buffer-memory"),
    ("n", "region"),
    ("b", "bind"),
    ("t", "bind-tcp"),
    ("r", "role-arn"),
    ("c", "config"),
    ("f", "log-file"),
    ("l", "log-level"),
    ("p", "proxy-address"),
    ("", "external-id"),
    ("", "drain"),
];

/// Short and long names of what is there or not.
const SWITCHES: [(&str, &str); 3] = [("o", "local-mode"), ("v", "version"), ("h", "help")];

/// Rewrites `-region eu-west-1`, `--n=eu-west-1` and `-o=true` to `--region=eu-west-1` and `--local-mode=true`, up to the first argument that
/// is no flag. What is not known stays as it is, for a message that names it.
#[must_use]
pub fn from_go(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let mut rewritten: Vec<OsString> = arguments.next().into_iter().collect();
    while let Some(argument) = arguments.next() {
        let Some(flag) = Flag::read(&argument) else {
            rewritten.push(argument);
            break;
        };
        match flag {
            Flag::Switch(name, None) => rewritten.push(format!("--{name}").into()),
            Flag::Switch(name @ ("version" | "help"), Some(value)) => {
                if ["1", "t", "T", "true", "TRUE", "True"].contains(&value.as_str()) {
                    rewritten.push(format!("--{name}").into());
                }
            }
            Flag::Value(_, Some(value)) if value.is_empty() => {}
            Flag::Switch(name, Some(value)) | Flag::Value(name, Some(value)) => rewritten.push(format!("--{name}={value}").into()),
            Flag::Value(name, None) => {
                let mut both = OsString::from(format!("--{name}"));
                match arguments.next() {
                    Some(value) if value.is_empty() => continue,
                    Some(value) => {
                        both.push("=");
                        both.push(value);
                    }
                    None => {}
                }
                rewritten.push(both);
            }
            Flag::Unknown => rewritten.push(with_two_dashes(argument)),
        }
    }
    rewritten.extend(arguments);
    rewritten
}

/// For Go `-xyz` is one flag, not three.
fn with_two_dashes(argument: OsString) -> OsString {
    let long = argument.to_str().and_then(|text| text.strip_prefix('-')).filter(|name| name.len() > 1 && !name.starts_with('-'));
    long.map_or_else(|| argument.clone(), |name| format!("--{name}").into())
}

enum Flag {
    Switch(&'static str, Option<String>),
    Value(&'static str, Option<String>),
    Unknown,
}

impl Flag {
    /// `None` where Go stops to read flags.
    fn read(argument: &OsString) -> Option<Self> {
        let Some(text) = argument.to_str() else { return Some(Self::Unknown) };
        let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).filter(|name| !name.is_empty())?;
        let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value.to_owned())));
        let find = |list: &[(&str, &'static str)]| list.iter().find(|(short, long)| name == *short || name == *long).map(|(_, long)| *long);
        Some(match (find(&VALUES), find(&SWITCHES)) {
            (Some(name), _) => Self::Value(name, value),
            (_, Some(name)) => Self::Switch(name, value),
            _ => Self::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> String {
        let arguments = std::iter::once("agent").chain(line.split_whitespace()).map(OsString::from);
        from_go(arguments).iter().skip(1).map(|argument| argument.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_way_to_write_a_flag_is_the_same() {
        for line in ["-n eu-west-1", "--n eu-west-1", "-n=eu-west-1", "-region eu-west-1", "--region eu-west-1", "-region=eu-west-1"] {
            assert_eq!(rewritten(line), "--region=eu-west-1", "{line}");
        }
        assert_eq!(rewritten("-o"), "--local-mode");
        assert_eq!(rewritten("--local-mode=false -b 0.0.0.0:2000"), "--local-mode=false --bind=0.0.0.0:2000");
        assert_eq!(rewritten("-f -strange-.log"), "--log-file=-strange-.log");
    }

    #[test]
    fn it_ends_where_go_ends_and_leaves_alone_what_it_does_not_know() {
        assert_eq!(rewritten("-c x.toml check -n"), "--config=x.toml check -n");
        assert_eq!(rewritten("-- -n"), "-- -n");
        assert_eq!(rewritten("--nonsense -x -nonsense"), "--nonsense -x --nonsense");
        assert_eq!(rewritten("-n"), "--region");
        assert_eq!(rewritten("-V"), "-V");
        assert_eq!(rewritten("-v=true -h=false -n= -o"), "--version --local-mode");
    }
}
