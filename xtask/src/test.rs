//! All tests.

use std::process::Command;

use crate::setup::{chromium, node_modules, python, root};

/// They end by themselves, with an agent or without.
const EXAMPLES: [&str; 6] = ["axum", "hyper", "reqwest", "reqwest_middleware", "jobs", "testing"];

fn run_cargo(arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root()).envs(variables.iter().map(|(name, value)| (*name, value.clone())));
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`cargo {}` failed: {status}", arguments.join(" "))) }
}

pub(crate) fn run() -> Result<(), String> {
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let mut variables = Vec::new();
    let mut skipped = Vec::new();
    match python() {
        Ok(path) => variables.push(("TEST_PYTHON", path.display().to_string())),
        Err(error) => skipped.push(format!("other people's clients, which need python3 with venv ({error})")),
    }
    match chromium().and_then(|path| node_modules().map(|()| path)) {
        Ok(path) => variables.push(("TEST_CHROMIUM", path.display().to_string())),
        Err(error) => skipped.push(format!("the page in a browser, which needs chromium and npm ({error})")),
    }
    if is_ci && !skipped.is_empty() {
        return Err(format!("under CI nothing may be skipped: {}", skipped.join("; ")));
    }
    run_cargo(&["build", "--workspace", "--all-features"], &[])?;
    run_cargo(&["build", "--package", "examples", "--examples", "--all-features"], &[])?;
    run_cargo(&["test", "--workspace", "--all-features"], &variables)?;
    crate::setup::run(&root(), "target/debug/quickstart", &["--once"])?;
    for example in EXAMPLES {
        crate::setup::run(&root(), &format!("target/debug/examples/{example}"), &[])?;
    }
    for skip in &skipped {
        println!("SKIPPED: {skip}");
    }
    Ok(())
}
