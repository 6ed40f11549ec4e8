//! Checks that each feature compiles without the others: `cargo xtask features`.

use crate::setup::{root, run_cargo};

/// The packages whose features users choose. `full` and `default` are sums of others.
const PACKAGES: [&str; 3] = ["xray-sdk", "metrics-agent", "telemetry-aws"];
const SUMS: [&str; 2] = ["default", "full"];

/// Compiles each package without features and with each feature alone. All features together are what the lints and tests compile.
///
/// A run per feature is needed: within one run cargo would unite the features of the dependencies, and hide one that is not asked for.
///
/// # Errors
/// When one does not compile, or compiles with a warning; the text names package and feature.
pub(crate) fn check_alone() -> Result<(), String> {
    for package in PACKAGES {
        let path = root().join(package).join("Cargo.toml");
        let manifest = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        for feature in std::iter::once("").chain(features_of(&manifest)) {
            println!("{package} with {}", if feature.is_empty() { "no feature" } else { feature });
            let arguments =
                ["clippy", "--quiet", "--package", package, "--no-default-features", "--features", feature, "--", "-D", "warnings"];
            run_cargo(&arguments, &[]).map_err(|error| format!("{package} with the feature `{feature}` alone: {error}"))?;
        }
    }
    Ok(())
}

/// The names in the section `[features]` of a manifest.
fn features_of(manifest: &str) -> impl Iterator<Item = &str> {
    let section = manifest.lines().skip_while(|line| *line != "[features]").skip(1).take_while(|line| !line.starts_with('['));
    let names = section.filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    names.filter(|name| !name.starts_with('#') && !SUMS.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_features_of_a_manifest_are_found_but_for_sums() {
        let manifest = "[package]\nname = \"a\"\n\n[features]\ndefault = [\"logs\"]\nlogs = []\n# A note = one.\nfull = [\n    \"logs\",\n]\notlp = [\"dep:b\"]\n\n[dependencies]\nb = \"1\"\n";
        assert_eq!(features_of(manifest).collect::<Vec<_>>(), ["logs", "otlp"]);
    }
}
