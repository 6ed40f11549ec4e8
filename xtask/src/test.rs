//! `cargo xtask test`: installs what the tests need and runs them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::acceptance;
use crate::areas::{self, Area};
use crate::needs::{self, Need};
use crate::setup::{cargo, entries, root, run, run_cargo};
use crate::stages::Stages;

/// Programs that end by themselves, with an agent or without.
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

/// Longest time without a line of output. A test program that is silent for longer hangs and is ended; the slowest test takes 60 s.
const SILENCE: Duration = Duration::from_secs(300);

/// All that is run below, in one command: cargo chooses the features of dependencies by what a command builds, so a second command would
/// compile most of them once more.
const BUILD: [&str; 6] = ["build", "--workspace", "--all-features", "--bins", "--tests", "--examples"];
const TEST: [&str; 4] = ["test", "--workspace", "--all-features", "--no-fail-fast"];

/// Runs the areas of these names; everything if none is named.
///
/// # Errors
/// When a test fails, an area is unknown, or something is missing under CI.
pub(crate) fn run_tests(names: &[String]) -> Result<(), String> {
    let areas = names.iter().map(|name| areas::named(name)).collect::<Result<Vec<_>, _>>()?;
    let mut stages = Stages::default();
    let needs: Vec<&Need> = if areas.is_empty() { needs::ALL.to_vec() } else { needs_of(&areas) };
    let installed = stages.time("install", || Ok(needs::install(&needs)))?;
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    if is_ci && !installed.missing.is_empty() {
        return Err(format!("under CI no test may be skipped, but this is missing:\n  {}", installed.missing.join("\n  ")));
    }
    let mut tests = Tests { variables: installed.variables, tally: Tally::default() };
    let outcome = if areas.is_empty() {
        everything(&mut tests, &mut stages)
    } else {
        areas.iter().try_for_each(|area| stages.time(area.name, || tests.area(area)))
    };
    stages.print();
    for missing in &installed.missing {
        println!("SKIPPED, because it is not installed: {missing}");
    }
    println!("{} passed, {} failed, {} skipped", tests.tally.passed, tests.tally.failed, tests.tally.ignored);
    outcome
}

fn everything(tests: &mut Tests, stages: &mut Stages) -> Result<(), String> {
    stages.time("compile", || run_cargo(&BUILD, &[]))?;
    stages.time("tests", || tests.cargo(&TEST))?;
    stages.time("fuzz seeds", fuzz_seeds)?;
    stages.time("short acceptance runs", acceptance::run_short)?;
    stages.time("quickstart and examples", run_examples)
}

/// The needs of several areas, each once.
fn needs_of(areas: &[&Area]) -> Vec<&'static Need> {
    let mut needs: Vec<&Need> = Vec::new();
    for need in areas.iter().flat_map(|area| area.needs) {
        if !needs.iter().any(|known| known.variable == need.variable) {
            needs.push(need);
        }
    }
    needs
}

/// Runs each fuzz target once over its seeds.
fn fuzz_seeds() -> Result<(), String> {
    for target in entries(&root().join("fuzz/seeds"))? {
        let name = target.file_name().unwrap_or_default();
        let program = root().join("target/debug").join(name);
        let seeds: Vec<String> = entries(&target)?.iter().map(|seed| seed.display().to_string()).collect();
        let arguments: Vec<&str> = std::iter::once("-verbosity=0").chain(seeds.iter().map(String::as_str)).collect();
        run(&root(), &program.display().to_string(), &arguments)?;
    }
    Ok(())
}

fn run_examples() -> Result<(), String> {
    run(&root(), "target/debug/quickstart", &["--once"])?;
    EXAMPLES.iter().try_for_each(|example| run(&root(), &format!("target/debug/examples/{example}"), &[]))
}

/// Tests that passed and failed so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Tally {
    /// Adds what a line such as `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured` says.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else { return };
        for count in counts.split("; ") {
            match count.split_once(' ').map(|(number, what)| (number.parse().unwrap_or(0), what)) {
                Some((number, "passed")) => self.passed += number,
                Some((number, "failed")) => self.failed += number,
                Some((number, "ignored")) => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// Runs `cargo test` with the variables of the tests.
struct Tests {
    variables: Vec<(&'static str, String)>,
    tally: Tally,
}

impl Tests {
    fn area(&mut self, area: &Area) -> Result<(), String> {
        let mut outcomes = Vec::new();
        if !area.packages.is_empty() {
            let packages: Vec<&str> = area.packages.iter().flat_map(|name| ["--package", name]).collect();
            outcomes.push(self.cargo(&[&["test", "--all-features", "--no-fail-fast"], &packages[..]].concat()));
        }
        for program in area.programs {
            outcomes.push(self.cargo(&["test", "--package", "tests", "--test", program]));
        }
        if !area.modules.is_empty() {
            let modules: Vec<String> = area.modules.iter().map(|module| format!("{module}::")).collect();
            let modules: Vec<&str> = modules.iter().map(String::as_str).collect();
            outcomes.push(self.cargo(&[&["test", "--package", "tests", "--test", "together", "--"], &modules[..]].concat()));
        }
        outcomes.into_iter().collect()
    }

    /// Passes on what cargo prints and counts its results.
    fn cargo(&mut self, arguments: &[&str]) -> Result<(), String> {
        let mut command = cargo();
        command.args(arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo: {error}"))?;
        let output = child.stdout.take().ok_or("cargo has no output")?;
        let (sender, lines) = mpsc::channel();
        // Ends with the output.
        std::thread::spawn(move || BufReader::new(output).split(b'\n').try_for_each(|line| sender.send(line)));
        let mut shown = std::io::stdout().lock();
        loop {
            match lines.recv_timeout(SILENCE) {
                Ok(line) => {
                    let line = line.map_err(|error| format!("the output of cargo: {error}"))?;
                    self.tally.add(&String::from_utf8_lossy(&line));
                    shown.write_all(&line).and_then(|()| shown.write_all(b"\n")).map_err(|error| format!("standard output: {error}"))?;
                }
                Err(RecvTimeoutError::Timeout) => end_children(child.id())?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`cargo {}` failed: {status}", arguments.join(" "))) }
    }
}

/// Ends the test program that `cargo` waits for; cargo then reports it as failed and runs the next one.
fn end_children(cargo: u32) -> Result<(), String> {
    eprintln!("error: no test has ended for {SILENCE:?}; the test program that runs now hangs and is ended");
    let ended = Command::new("pkill").args(["-KILL", "-P", &cargo.to_string()]).status();
    ended.map(drop).map_err(|error| format!("pkill: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_add_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s",
            "test a::result: ok. 5 passed; ... ok",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 14, failed: 3, ignored: 1 });
    }
}
