//! All tests.

use std::path::PathBuf;

use crate::sdks::{go_sdk, java_sdk, node_sdk};
use crate::setup::{chromium, mariadb, node_modules, postgres, python, root, run_cargo};

type SetUp = fn() -> Result<PathBuf, String>;

/// What some tests need: the variable that tells them where it is, what they are, and how it gets there.
const NEEDS: [(&str, &str, SetUp); 7] = [
    ("TEST_PYTHON", "other people's clients, which need python3 with venv", python),
    ("TEST_NODE_SDK", "the X-Ray SDK for Node.js, which needs node and npm", node_sdk),
    ("TEST_GO_SDK", "the X-Ray SDK for Go, which needs go", go_sdk),
    ("TEST_JAVA_SDK", "the X-Ray SDK for Java, which needs a JDK of 17 or later and Maven", java_sdk),
    ("TEST_CHROMIUM", "the page in a browser, which needs chromium and npm", || node_modules().and_then(|()| chromium())),
    ("TEST_POSTGRES", "PostgreSQL", postgres),
    ("TEST_MARIADB", "MariaDB", mariadb),
];

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
    for (variable, what, set_up) in NEEDS {
        match set_up() {
            Ok(path) => variables.push((variable, path.display().to_string())),
            Err(error) => skipped.push(format!("{what} ({error})")),
        }
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
