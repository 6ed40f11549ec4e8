//! Mutants: changes of the code that a test of its crate must notice.

use std::process::Command;

use crate::setup::{on_path, root, run};

/// The crates that must lose nothing.
const CRATES: [&str; 2] = ["telemetry-delivery", "log-shipper"];
/// Percent of a crate's mutants that its tests must notice.
const CAUGHT: usize = 95;

/// Runs cargo-mutants over the crates, and prints the mutants that no test noticed.
///
/// # Errors
/// When the tests of a crate notice less than 95 % of its mutants.
pub(crate) fn run_mutants() -> Result<(), String> {
    if on_path("cargo-mutants").is_none() {
        run(&root(), "cargo", &["install", "--locked", "cargo-mutants"])?;
    }
    let worse: Vec<String> = CRATES.into_iter().map(of_crate).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    if worse.is_empty() { Ok(()) } else { Err(worse.join("; ")) }
}

/// Returns what is worse than it may be.
fn of_crate(name: &str) -> Result<Option<String>, String> {
    let folder = root().join("target/mutants").join(name);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut command = Command::new("cargo");
    command.args(["mutants", "--package", name, "--no-shuffle", "--timeout", "10", "--output"]).arg(&folder).current_dir(root());
    // It fails when a mutant was missed, and when the tests fail without one: that shows in its lists.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").status().map_err(|error| format!("cargo mutants: {error}"))?;
    let list = |file: &str| -> Result<Vec<String>, String> {
        let path = folder.join("mutants.out").join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    // Tests that did not end have noticed too.
    let (caught, missed) = (list("caught.txt")?.len() + list("timeout.txt")?.len(), list("missed.txt")?);
    let percent = 100 * caught / (caught + missed.len()).max(1);
    println!("{name}: {caught} of {} mutants noticed ({percent} %); these were not:", caught + missed.len());
    missed.iter().for_each(|mutant| println!("    {mutant}"));
    let is_enough = caught > 0 && percent >= CAUGHT;
    Ok((!is_enough).then(|| format!("the tests of {name} notice {percent} % of the mutants, expected {CAUGHT} %")))
}
