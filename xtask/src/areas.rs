//! The areas into which the tests are divided, for `cargo xtask test NAME…`.

use crate::needs::{CHROMIUM, GO_SDK, JAVA_SDK, MARIADB, NODE_SDK, Need, POSTGRES, PYTHON};

/// Tests that run together: all of some packages, and some files of `tests/tests`.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) packages: &'static [&'static str],
    /// Files of `tests/tests` that are programs of their own.
    pub(crate) programs: &'static [&'static str],
    /// Files of `tests/tests` that are modules of `together`.
    pub(crate) modules: &'static [&'static str],
    pub(crate) needs: &'static [&'static Need],
}

/// Every test belongs to one area, but for those of the repository itself (`tidy`, this package).
pub(crate) const AREAS: [Area; 6] = [
    Area {
        name: "sdk",
        about: "xray-sdk, its macros and wire format, databases included",
        packages: &["telemetry-wire", "telemetry-platform", "xray-macros", "macro-tests", "xray-sdk", "xray-opentelemetry"],
        programs: &[],
        modules: &["databases"],
        needs: &[&POSTGRES, &MARIADB],
    },
    Area {
        name: "agent",
        about: "metrics-agent and delivery",
        packages: &["telemetry-aws", "telemetry-delivery", "telemetry-serve", "metrics-agent"],
        programs: &["collector"],
        modules: &["agent", "deploy", "lossless", "opentelemetry"],
        needs: &[&PYTHON],
    },
    Area {
        name: "shipper",
        about: "log-shipper, alone and inside the agent",
        packages: &["log-shipper"],
        programs: &[],
        modules: &["log_files"],
        needs: &[],
    },
    Area {
        name: "console",
        about: "xray-console and the small languages of AWS",
        packages: &["telemetry-rules", "xray-console"],
        programs: &[],
        modules: &["hostile_documents"],
        needs: &[],
    },
    Area { name: "page", about: "the console's page in Chromium", packages: &[], programs: &["page"], modules: &[], needs: &[&CHROMIUM] },
    Area {
        name: "clients",
        about: "other people's SDKs, CLIs and stand-ins for AWS",
        packages: &[],
        programs: &["clients"],
        modules: &["aws", "aws_both_ways", "other_sdks", "same_documents"],
        needs: &[&PYTHON, &NODE_SDK, &GO_SDK, &JAVA_SDK, &POSTGRES],
    },
];

/// The area of that name.
///
/// # Errors
/// When there is none; the text lists those that there are.
pub(crate) fn named(name: &str) -> Result<&'static Area, String> {
    AREAS.iter().find(|area| area.name == name).ok_or_else(|| {
        let known = AREAS.iter().map(|area| format!("  {:8} {}", area.name, area.about)).collect::<Vec<_>>().join("\n");
        format!("no area is called `{name}`; there are\n{known}")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use super::*;
    use crate::setup::root;

    #[test]
    fn each_file_of_end_to_end_tests_is_in_one_area() {
        let files: BTreeSet<String> = std::fs::read_dir(root().join("tests/tests"))
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| !["together", "tidy"].contains(&name.as_str()))
            .collect();
        let listed: Vec<String> =
            AREAS.iter().flat_map(|area| area.programs.iter().chain(area.modules)).map(|name| (*name).to_owned()).collect();
        assert_eq!(files, listed.iter().cloned().collect());
        assert_eq!(files.len(), listed.len(), "a file is listed twice");
    }

    #[test]
    fn each_package_with_tests_is_in_one_area() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        let (_, members) = manifest.split_once("members = [").unwrap();
        let (members, _) = members.split_once(']').unwrap();
        let without_area = ["bench", "examples", "fuzz", "tests", "xtask"];
        let members: BTreeSet<&str> = members
            .split('"')
            .map(|name| if name == "tests/macros" { "macro-tests" } else { name })
            .filter(|name| name.chars().any(char::is_alphabetic) && !without_area.contains(name))
            .collect();
        let listed: Vec<&str> = AREAS.iter().flat_map(|area| area.packages).copied().collect();
        assert_eq!(members, listed.iter().copied().collect());
        assert_eq!(members.len(), listed.len(), "a package is listed twice");
    }

    #[test]
    fn an_unknown_area_is_refused_with_the_list() {
        let error = named("agnet").unwrap_err();
        assert!(error.contains("`agnet`") && AREAS.iter().all(|area| error.contains(area.name)), "{error}");
    }
}
