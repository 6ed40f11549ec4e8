//! The X-Ray SDKs for other languages, each with the program of `tests/clients` that uses it. What they consist of goes to
//! `target/clients`, or beside the program, and is made again when the program's versions change.

use std::fs;
use std::path::{Path, PathBuf};

use crate::setup::{from_debian, on_path, root, run, run_with};

/// The program that runs the one for Node.js.
pub(crate) fn node_sdk() -> Result<PathBuf, String> {
    let client = root().join("tests/clients/node");
    if !is_newer(&client.join("node_modules/.package-lock.json"), &[client.join("package-lock.json")]) {
        run(&client, "npm", &["ci", "--no-audit", "--no-fund", "--silent"])?;
    }
    on_path("node").ok_or_else(|| "node is not on the path".to_owned())
}

/// The program for Go. What it is built of takes 700 MB and is thrown away.
pub(crate) fn go_sdk() -> Result<PathBuf, String> {
    let go = from_debian("golang-go", || on_path("go"))?;
    let client = root().join("tests/clients/go");
    let (program, needed) = (made("go_client"), made("go"));
    if !is_newer(&program, &["client.go", "go.mod", "go.sum"].map(|name| client.join(name))) {
        let variables = ["GOMODCACHE", "GOCACHE"].map(|cache| (cache, needed.join(cache).display().to_string()));
        // Nothing is optimised: most of the time is the compiler's.
        let (not_optimised, without_names) = ("-gcflags=all=-N -l -dwarf=false", "-ldflags=-s -w");
        let arguments = ["build", "-modcacherw", not_optimised, without_names, "-o", &program.display().to_string()];
        run_with(&client, &go.display().to_string(), &arguments, &variables)?;
        throw_away(&needed)?;
    }
    Ok(program)
}

/// The folder of the libraries for Java.
pub(crate) fn java_sdk() -> Result<PathBuf, String> {
    from_debian("default-jdk-headless", || on_path("javac"))?;
    let maven = from_debian("maven", || on_path("mvn"))?;
    let client = root().join("tests/clients/java");
    let (libraries, repository) = (made("java"), made("maven"));
    if !is_newer(&libraries, &[client.join("pom.xml")]) {
        let arguments = [
            "--quiet",
            "--batch-mode",
            "--strict-checksums",
            &format!("-Dmaven.repo.local={}", repository.display()),
            &format!("-DoutputDirectory={}", libraries.display()),
            "dependency:copy-dependencies",
        ];
        run(&client, &maven.display().to_string(), &arguments)?;
        throw_away(&repository)?;
    }
    Ok(libraries)
}

fn throw_away(folder: &Path) -> Result<(), String> {
    fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn made(name: &str) -> PathBuf {
    root().join("target/clients").join(name)
}

/// Whether something has been made since its sources changed.
fn is_newer(made: &Path, sources: &[PathBuf]) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    modified(made).is_ok_and(|made| sources.iter().all(|source| modified(source).is_ok_and(|source| source <= made)))
}
