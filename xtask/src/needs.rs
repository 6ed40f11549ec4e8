//! Programs and libraries that tests need beside Rust, and their installation.

use std::path::PathBuf;

use crate::sdks::{go_sdk, java_sdk, node_sdk};
use crate::setup::{cargo_deny, chromium, cplusplus, iproute2, mariadb, node_modules, postgres, python, run_cargo};

/// Something that tests need and that is not built from this repository.
#[derive(Debug)]
pub(crate) struct Need {
    /// The environment variable by which the tests find it.
    pub(crate) variable: &'static str,
    pub(crate) about: &'static str,
    /// Installs it where it is missing, and returns where it is.
    install: fn() -> Result<PathBuf, String>,
}

impl Need {
    /// Installs it where it is missing.
    ///
    /// # Errors
    /// When it is missing and cannot be installed; the text names the package.
    pub(crate) fn install(&self) -> Result<PathBuf, String> {
        (self.install)().map_err(|error| format!("{}: {error}", self.about))
    }
}

pub(crate) const PYTHON: Need = Need { variable: "TEST_PYTHON", about: "clients in Python (needs python3 with venv)", install: python };
pub(crate) const NODE_SDK: Need =
    Need { variable: "TEST_NODE_SDK", about: "the X-Ray SDK for Node.js (needs node and npm)", install: node_sdk };
pub(crate) const GO_SDK: Need = Need { variable: "TEST_GO_SDK", about: "the X-Ray SDK for Go (needs go)", install: go_sdk };
pub(crate) const JAVA_SDK: Need =
    Need { variable: "TEST_JAVA_SDK", about: "the X-Ray SDK for Java (needs a JDK of 17 or later and Maven)", install: java_sdk };
pub(crate) const CHROMIUM: Need = Need {
    variable: "TEST_CHROMIUM",
    about: "the page in a browser (needs chromium, node and npm)",
    install: || node_modules().and_then(|()| chromium()),
};
pub(crate) const POSTGRES: Need = Need { variable: "TEST_POSTGRES", about: "PostgreSQL", install: postgres };
pub(crate) const MARIADB: Need = Need { variable: "TEST_MARIADB", about: "MariaDB", install: mariadb };
pub(crate) const NAMESPACES: Need = Need { variable: "TEST_IP", about: "network namespaces (needs iproute2)", install: iproute2 };

/// Every need of every test.
pub(crate) const ALL: [&Need; 8] = [&PYTHON, &NODE_SDK, &GO_SDK, &JAVA_SDK, &CHROMIUM, &POSTGRES, &MARIADB, &NAMESPACES];

/// Needs that are installed, and errors of those that are not.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    /// For the environment of the tests.
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) missing: Vec<String>,
}

/// Installs what is missing.
pub(crate) fn install(needs: &[&Need]) -> Installed {
    let mut installed = Installed::default();
    for need in needs {
        match need.install() {
            Ok(path) => installed.variables.push((need.variable, path.display().to_string())),
            Err(error) => installed.missing.push(error),
        }
    }
    installed
}

/// Installs all needs of tests and checks, and downloads the crates.
///
/// # Errors
/// When something is missing; the text lists all of it.
pub(crate) fn set_up() -> Result<(), String> {
    run_cargo(&["fetch", "--locked"], &[])?;
    let mut missing = install(&ALL).missing;
    missing.extend([cargo_deny(), cplusplus()].into_iter().filter_map(Result::err));
    if missing.is_empty() { Ok(()) } else { Err(format!("missing:\n  {}", missing.join("\n  "))) }
}
