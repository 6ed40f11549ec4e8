//! All tests.

use crate::setup::{chromium, mariadb, node_modules, postgres, python, root, run_cargo};

/// They end by themselves, with an agent or without.
const EXAMPLES: [&str; 17] = [
    "axum",
    "hyper",
    "reqwest",
    "reqwest_middleware",
    "tonic",
    "connection",
    "sqlx",
    "aws_sdk",
    "lambda",
    "platform",
    "tracing",
    "otlp",
    "opentelemetry",
    "tasks",
    "jobs",
    "hooks",
    "testing",
];

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
    match postgres() {
        Ok(path) => variables.push(("TEST_POSTGRES", path.display().to_string())),
        Err(error) => skipped.push(format!("PostgreSQL ({error})")),
    }
    match mariadb() {
        Ok(path) => variables.push(("TEST_MARIADB", path.display().to_string())),
        Err(error) => skipped.push(format!("MariaDB ({error})")),
    }
    if is_ci && !skipped.is_empty() {
        return Err(format!("under CI nothing may be skipped: {}", skipped.join("; ")));
    }
    run_cargo(&["build", "--workspace", "--all-features"], &[])?;
    run_cargo(&["build", "--package", "examples", "--examples", "--all-features"], &[])?;
    run_cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"], &variables)?;
    crate::setup::run(&root(), "target/debug/quickstart", &["--once"])?;
    for example in EXAMPLES {
        crate::setup::run(&root(), &format!("target/debug/examples/{example}"), &[])?;
    }
    for skip in &skipped {
        println!("SKIPPED: {skip}");
    }
    Ok(())
}
