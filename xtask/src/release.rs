//! What is released: the agent as one static file, without the console.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup::{root, run_cargo};

/// Linked statically it runs in an empty container. A target has to be named, or macros, which the compiler loads, would be static too.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds it, says how large it is, and gives its path.
pub(crate) fn build() -> Result<PathBuf, String> {
    let arguments = ["build", "--profile", "dist", "--target", TARGET, "--package", "metrics-agent", "--no-default-features"];
    let flags = ("RUSTFLAGS", "-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs".to_owned());
    run_cargo(&[&arguments[..], &["--features", "logs,otlp"]].concat(), &[flags])?;
    let path = root().join("target").join(TARGET).join("dist/metrics-agent");
    let bytes = std::fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    if needs_an_interpreter(&path)? {
        return Err(format!("{} is not static", path.display()));
    }
    println!("{}: static, {:.1} MB", path.display(), bytes as f64 / f64::from(1 << 20));
    Ok(path)
}

/// What is linked dynamically names the program that links it.
fn needs_an_interpreter(path: &Path) -> Result<bool, String> {
    let output = Command::new("readelf").arg("--program-headers").arg(path).output().map_err(|error| format!("readelf: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).contains("INTERP"))
}
