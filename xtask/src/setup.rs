//! What the tests need beside Rust. Each part is installed if it may be, else it is said what to install.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Other people's clients, by name for pip.
const PYTHON_PACKAGES: [&str; 9] = [
    "aws-xray-sdk",
    "boto3",
    "awscli",
    "cfn-lint",
    "moto[server]",
    "requests",
    "psycopg2-binary",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp",
];

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// Runs a command in a folder; an error names the command.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    run_with(folder, program, arguments, &[])
}

/// Runs a command with variables.
pub(crate) fn run_with(folder: &Path, program: &str, arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    let shown = format!("{program} {}", arguments.join(" "));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).envs(variables.iter().map(|(name, value)| (*name, value.clone())));
    let status = command.status().map_err(|error| format!("`{shown}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed: {status}")) }
}

/// Runs cargo with variables.
pub(crate) fn run_cargo(arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    run_with(&root(), &cargo, arguments, variables)
}

/// The Python environment in `.venv`, made if it is not there.
pub(crate) fn python() -> Result<PathBuf, String> {
    let environment = root().join(".venv");
    let python = environment.join("bin/python");
    let is_whole = python.exists()
        && run(
            &root(),
            &python.display().to_string(),
            &["-c", "import aws_xray_sdk, boto3, awscli, cfnlint, moto.server, requests, psycopg2, opentelemetry.exporter.otlp.proto.grpc"],
        )
        .is_ok();
    if !is_whole {
        println!("making a Python environment in .venv");
        run(&root(), "python3", &["-m", "venv", &environment.display().to_string()])?;
        let mut arguments = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        arguments.extend(PYTHON_PACKAGES);
        run(&root(), &python.display().to_string(), &arguments)?;
    }
    Ok(python)
}

/// Chromium.
pub(crate) fn chromium() -> Result<PathBuf, String> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    from_debian("chromium", || known.iter().find(|path| path.exists()).cloned())
}

/// The folder of PostgreSQL's programs.
pub(crate) fn postgres() -> Result<PathBuf, String> {
    from_debian("postgresql", || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let folders = versions.flatten().map(|version| version.path().join("bin"));
        folders.filter(|folder| folder.join("initdb").exists()).max()
    })
}

/// MariaDB's server.
pub(crate) fn mariadb() -> Result<PathBuf, String> {
    let known = ["/usr/sbin/mariadbd", "/usr/bin/mariadbd"].map(PathBuf::from);
    from_debian("mariadb-server", || known.iter().find(|path| path.exists()).cloned())
}

/// A program of the shell's path.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// What `find` finds, after installing a package of Debian's if it has to and may.
pub(crate) fn from_debian(package: &str, find: impl Fn() -> Option<PathBuf>) -> Result<PathBuf, String> {
    if let Some(path) = find() {
        return Ok(path);
    }
    println!("installing {package} with apt-get");
    run(&root(), "apt-get", &["update", "-qq"]).and_then(|()| run(&root(), "apt-get", &["install", "-y", "-qq", package]))?;
    find().ok_or_else(|| format!("{package} is not where Debian puts it"))
}

/// The page's packages, in the versions of the lock file. `npm ci` would insist on the lock file naming the binaries of all
/// platforms, which some npm versions leave out when they write it.
pub(crate) fn node_modules() -> Result<(), String> {
    let web = root().join("xray-console/web");
    if web.join("node_modules/.package-lock.json").exists() {
        Ok(())
    } else {
        run(&web, "npm", &["install", "--no-save", "--no-audit", "--no-fund", "--silent"])
    }
}
