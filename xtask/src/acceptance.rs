//! Runs that take too long for every commit: `cargo xtask acceptance NAME…`.
//!
//! Each has a short version, which `cargo xtask test` runs. When a run passes, a line is added to `xtask/acceptance.tsv`: commit it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::mutants;
use crate::release;
use crate::setup::{entries, faketime, iproute2, mkfs_xfs, root, run, run_cargo, run_with};
use crate::stages::timed;

/// An acceptance run and its short version.
struct Acceptance {
    name: &'static str,
    about: &'static str,
    needs: &'static str,
    minutes: u32,
    run: fn() -> Result<(), String>,
    /// Arguments of the bench for the run in seconds; none if `cargo xtask test` covers it otherwise.
    short: &'static [&'static str],
}

const ACCEPTANCES: [Acceptance; 6] = [
    Acceptance {
        name: "faults",
        about: "the released agent in every fault of bench/src/faults/cells.rs, and all signals in those of bench/src/signals/cells.rs",
        needs: "root to mount disks, Debian's faketime for the clock, Debian's xfsprogs",
        minutes: 16,
        run: || faketime().and_then(|_| mkfs_xfs()).and_then(|_| bench(&["faults", "signals"])),
        short: &["faults", "signals", "--short"],
    },
    Acceptance {
        name: "veth",
        about: "the released agent between two other hosts, whose link is cut",
        needs: "root, iproute2",
        minutes: 2,
        run: || iproute2().and_then(|_| bench(&["veth"])),
        short: &["veth", "--short"],
    },
    Acceptance {
        name: "outage",
        about: "the released agent at 4,000 segments a second while AWS is away for ten minutes",
        needs: "2 GB of disk",
        minutes: 13,
        run: || bench(&["outage", "--minutes", "10"]),
        short: &["outage", "--short"],
    },
    Acceptance {
        name: "soak",
        about: "the released agent at 20,000 segments a second and random faults for an hour",
        needs: "2 GB of disk, an idle machine",
        minutes: 63,
        run: || bench(&["soak", "--minutes", "60"]),
        short: &["soak", "--short", "--rate", "2000"],
    },
    Acceptance {
        name: "fuzz",
        about: "each fuzz target for a minute, guided by coverage",
        needs: "the nightly compiler, cargo-fuzz",
        minutes: 20,
        run: fuzz,
        short: &[],
    },
    Acceptance {
        name: "mutants",
        about: "changes of telemetry-delivery and log-shipper, of which their tests must notice 95 %",
        needs: "cargo-mutants, which it installs",
        minutes: 120,
        run: mutants::run_mutants,
        short: &[],
    },
];

/// Prints all runs: what each needs, how long it takes, when it last passed.
///
/// # Errors
/// When the records cannot be read.
pub(crate) fn list() -> Result<(), String> {
    let records = std::fs::read_to_string(records()).map_err(|error| format!("{}: {error}", records().display()))?;
    for acceptance in &ACCEPTANCES {
        println!("{} ({} minutes): {}", acceptance.name, acceptance.minutes, acceptance.about);
        println!("    needs: {}", acceptance.needs);
        let passed = records.lines().rev().find_map(|line| line.strip_prefix(acceptance.name)?.strip_prefix('\t'));
        println!("    last passed: {}", passed.map_or_else(|| "never".to_owned(), |record| record.replace('\t', ", ")));
    }
    Ok(())
}

/// Runs those of these names, one after the other.
///
/// # Errors
/// When a name is unknown (nothing runs then) or a run fails.
pub(crate) fn run_named(names: &[String]) -> Result<(), String> {
    if names.is_empty() {
        return Err("name at least one acceptance run; `cargo xtask acceptance --list` shows them".to_owned());
    }
    let find = |name: &String| {
        ACCEPTANCES
            .iter()
            .find(|acceptance| acceptance.name == name)
            .ok_or_else(|| format!("no acceptance run is called `{name}`; `cargo xtask acceptance --list` shows them"))
    };
    for acceptance in names.iter().map(find).collect::<Result<Vec<_>, _>>()? {
        println!("\n-- {}: {}, about {} minutes", acceptance.name, acceptance.about, acceptance.minutes);
        let (outcome, took) = timed(acceptance.run);
        outcome?;
        record(acceptance.name, took.as_secs())?;
    }
    Ok(())
}

/// Runs the short version of each with what `cargo test` has built.
///
/// # Errors
/// When one fails.
pub(crate) fn run_short() -> Result<(), String> {
    for acceptance in ACCEPTANCES.iter().filter(|acceptance| !acceptance.short.is_empty()) {
        run(&root(), "target/debug/bench", acceptance.short)?;
    }
    Ok(())
}

/// Runs the bench on the agent as it is released.
fn bench(arguments: &[&str]) -> Result<(), String> {
    let agent = release::build()?;
    run_cargo(&["build", "--release", "--package", "bench"], &[])?;
    let bench = root().join("target/release/bench");
    run_with(&root(), &bench.display().to_string(), arguments, &[("METRICS_AGENT", agent.display().to_string())])
}

/// Runs each fuzz target for a minute. What it finds stays in `fuzz/corpus`, which git ignores.
fn fuzz() -> Result<(), String> {
    for seeds in entries(&root().join("fuzz/seeds"))? {
        let name = seeds.file_name().unwrap_or_default().to_string_lossy();
        let corpus = root().join("fuzz/corpus").join(&*name);
        std::fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
        let (corpus, seeds) = (corpus.display().to_string(), seeds.display().to_string());
        run(&root(), "cargo", &["+nightly", "fuzz", "run", &name, &corpus, &seeds, "--", "-max_total_time=60"])?;
    }
    Ok(())
}

fn records() -> PathBuf {
    root().join("xtask/acceptance.tsv")
}

/// Adds a line to the records.
fn record(name: &str, seconds: u64) -> Result<(), String> {
    let says = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(root()).output().map_err(|error| format!("{program}: {error}"))?;
        Ok::<_, String>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let date = says("date", &["-u", "+%F"])?;
    let commit = says("git", &["describe", "--always", "--dirty"])?;
    let kernel = says("uname", &["-sr"])?;
    let mut records_so_far = std::fs::read_to_string(records()).map_err(|error| format!("{}: {error}", records().display()))?;
    writeln!(records_so_far, "{name}\t{date}\tcommit {commit}\t{seconds} s\t{kernel}").map_err(|error| error.to_string())?;
    std::fs::write(records(), records_so_far).map_err(|error| format!("{}: {error}", records().display()))
}
