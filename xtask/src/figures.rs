//! The figures that the README quotes.

use std::process::Command;

use crate::setup::{root, run_cargo};

const BEGIN: &str = "<!-- figures: cargo xtask figures -->";
const END: &str = "<!-- end of figures -->";

/// Builds everything as users get it, measures, and puts the tables between the README's marks.
pub(crate) fn render() -> Result<(), String> {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).map_err(|error| format!("README.md: {error}"))?;
    let (before, rest) = readme.split_once(BEGIN).ok_or_else(|| format!("README.md has no line `{BEGIN}`"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| format!("README.md has no line `{END}`"))?;
    let packages = ["bench", "xray-console"];
    let arguments: Vec<&str> = ["build", "--release"].into_iter().chain(packages.iter().flat_map(|name| ["--package", name])).collect();
    run_cargo(&arguments, &[])?;
    let agent = crate::release::build()?;
    println!("measuring; this takes six minutes and wants an idle machine");
    let bench = root().join("target/release/bench");
    let output = Command::new(bench).env("METRICS_AGENT", agent).output().map_err(|error| format!("bench: {error}"))?;
    if !output.status.success() {
        return Err(format!("bench failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let measured = String::from_utf8_lossy(&output.stdout);
    print!("{measured}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(&path, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", measured.trim())).map_err(|error| format!("README.md: {error}"))
}
