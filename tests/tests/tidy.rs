//! The rules of ARCHITECTURE.md that a machine can check.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

/// Which of our crates each may depend on. Dev-dependencies count.
const ARROWS: [(&str, &[&str]); 18] = [
    ("telemetry-wire", &[]),
    ("telemetry-rules", &["telemetry-wire"]),
    ("telemetry-delivery", &[]),
    ("telemetry-platform", &[]),
    ("telemetry-serve", &[]),
    ("telemetry-aws", &["telemetry-delivery", "telemetry-platform"]),
    ("xray-macros", &[]),
    ("xray-sdk", &["telemetry-wire", "telemetry-platform", "xray-macros"]),
    ("xray-opentelemetry", &["telemetry-wire", "xray-sdk"]),
    ("log-shipper", &["telemetry-aws", "telemetry-delivery", "telemetry-wire", "telemetry-rules"]),
    ("xray-console", &["telemetry-wire", "telemetry-rules", "telemetry-serve"]),
    (
        "metrics-agent",
        &[
            "telemetry-aws",
            "telemetry-wire",
            "telemetry-rules",
            "telemetry-delivery",
            "telemetry-platform",
            "telemetry-serve",
            "log-shipper",
            "xray-console",
        ],
    ),
    ("examples", &["*"]),
    ("tests", &["*"]),
    ("macro-tests", &["xray-sdk"]),
    ("bench", &["*"]),
    ("fuzz", &["*"]),
    ("xtask", &[]),
];

/// Crates whose lib.rs lists modules in rank order.
const CRATES: [&str; 12] = [
    "telemetry-wire",
    "telemetry-rules",
    "telemetry-delivery",
    "telemetry-platform",
    "telemetry-serve",
    "telemetry-aws",
    "xray-macros",
    "xray-sdk",
    "xray-opentelemetry",
    "log-shipper",
    "xray-console",
    "metrics-agent",
];

/// Production lines of a file.
const FILE_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The text of a file without its tests and comments.
fn production(path: &Path) -> String {
    if path.to_string_lossy().ends_with("tests.rs") {
        return String::new();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn crates_depend_only_on_those_below_them() {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into();
    let ours: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    assert_eq!(ours, allowed.keys().map(|name| (*name).to_owned()).collect(), "a crate is missing in the table");
    for package in &metadata.packages {
        let allowed = allowed[package.name.as_str()];
        for dependency in package.dependencies.iter().filter(|dependency| ours.contains(&dependency.name)) {
            let is_allowed = allowed.contains(&"*") || allowed.contains(&dependency.name.as_str());
            assert!(is_allowed, "{} must not depend on {}", package.name, dependency.name);
        }
    }
}

/// The modules declared in a file, in order.
fn declared_modules(file: &Path) -> Vec<String> {
    let text = production(file);
    let declared = text.lines().filter_map(|line| line.trim().strip_prefix("pub ").unwrap_or(line.trim()).strip_prefix("mod "));
    declared.filter_map(|rest| rest.strip_suffix(';')).map(str::to_owned).collect()
}

/// Item → module, for what a crate root or `mod.rs` re-exports.
fn re_exports(file: &Path) -> BTreeMap<String, String> {
    let text = production(file).replace('\n', " ");
    let mut items = BTreeMap::new();
    for statement in text.split(';') {
        let Some((_, import)) = statement.rsplit_once("use ") else { continue };
        let Some((module, names)) = import.trim().split_once("::") else { continue };
        for name in names.trim_matches(['{', '}']).split(',') {
            let name = name.trim().rsplit([' ', ':']).next().unwrap_or_default();
            items.insert(name.to_owned(), module.to_owned());
        }
    }
    items
}

/// What follows each `prefix` in the text: the first name, and names in braces.
fn imported(text: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices(prefix) {
        let (before, after) = text.split_at(at);
        let is_longer_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        if is_longer_word {
            continue;
        }
        let rest = after.strip_prefix(prefix).unwrap_or_default();
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(first_word(&word));
                        word.clear();
                    }
                    c => word.push(c),
                }
            }
            names.insert(first_word(&word));
        } else {
            names.insert(first_word(rest));
        }
    }
    names.remove("");
    names
}

fn first_word(text: &str) -> String {
    text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The modules of `siblings` that the files of `module` import by `prefix`, re-exports resolved.
fn edges(files: &[PathBuf], prefix: &str, siblings: &[String], exports: &BTreeMap<String, String>) -> BTreeSet<String> {
    let names = files.iter().flat_map(|file| imported(&production(file), prefix));
    let modules = names.map(|name| exports.get(&name).cloned().unwrap_or(name));
    modules.filter(|name| siblings.contains(name)).collect()
}

fn files_of_module(folder: &Path, module: &str) -> Vec<PathBuf> {
    let file = folder.join(format!("{module}.rs"));
    if file.exists() { vec![file] } else { source_files(&folder.join(module)) }
}

#[test]
fn modules_import_only_those_that_the_crate_root_lists_above_them() {
    for name in CRATES {
        let folder = root().join(name).join("src");
        let (modules, exports) = (declared_modules(&folder.join("lib.rs")), re_exports(&folder.join("lib.rs")));
        for (rank, module) in modules.iter().enumerate() {
            for imported in edges(&files_of_module(&folder, module), "crate::", &modules, &exports) {
                let imported_rank = modules.iter().position(|other| *other == imported).unwrap();
                assert!(imported_rank <= rank, "{name}: `{module}` imports `{imported}`, which lib.rs lists below it");
            }
        }
    }
}

#[test]
fn no_modules_of_a_folder_import_one_another_in_a_circle() {
    for name in CRATES {
        for door in source_files(&root().join(name).join("src")).into_iter().filter(|file| file.ends_with("mod.rs")) {
            let folder = door.parent().unwrap();
            let (modules, exports) = (declared_modules(&door), re_exports(&door));
            let graph: BTreeMap<&String, BTreeSet<String>> =
                modules.iter().map(|module| (module, edges(&files_of_module(folder, module), "super::", &modules, &exports))).collect();
            for module in &modules {
                let mut reached = BTreeSet::new();
                let mut waiting: Vec<String> = graph[module].iter().filter(|next| *next != module).cloned().collect();
                while let Some(next) = waiting.pop() {
                    assert!(next != *module, "{}: `{module}` is in an import circle through {reached:?}", folder.display());
                    if reached.insert(next.clone()) {
                        waiting.extend(graph[&next].iter().filter(|further| **further != next).cloned());
                    }
                }
            }
        }
    }
}

/// What several integrations share.
const SHARED: [&str; 4] = ["connection", "http_fields", "message_fields", "sql_text"];

#[test]
fn integrations_never_import_one_another() {
    let folder = root().join("xray-sdk/src/integrations");
    let is_shared = |name: &String| SHARED.contains(&name.as_str());
    let integrations: Vec<String> = declared_modules(&folder.join("mod.rs")).into_iter().filter(|name| !is_shared(name)).collect();
    for integration in &integrations {
        for file in source_files(&folder.join(integration)) {
            let text = production(&file);
            for other in integrations.iter().filter(|other| *other != integration) {
                assert!(!text.contains(&format!("integrations::{other}")), "{} imports {other}", file.display());
            }
        }
    }
}

#[test]
fn context_sampling_and_emitter_never_import_one_another() {
    let folder = root().join("xray-sdk/src");
    let three = ["context", "sampling", "emitter"];
    for module in three {
        for file in files_of_module(&folder, module) {
            let text = production(&file);
            let other = three.iter().find(|other| **other != module && text.contains(&format!("crate::{other}")));
            assert_eq!(other, None, "{}", file.display());
        }
    }
}

#[test]
fn a_door_is_no_room() {
    for name in CRATES {
        for file in source_files(&root().join(name).join("src")).into_iter().filter(|file| file.ends_with("mod.rs")) {
            let text = production(&file);
            assert!(!text.contains("fn ") && !text.contains("impl "), "{} holds logic", file.display());
        }
    }
}

#[test]
fn files_keep_their_budget() {
    for name in CRATES.into_iter().chain(["examples", "xtask"]) {
        for file in source_files(&root().join(name).join("src")) {
            let lines = production(&file).lines().filter(|line| !line.trim().is_empty()).count();
            assert!(lines <= FILE_LINES, "{} has {lines} production lines, at most {FILE_LINES} are allowed", file.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for name in CRATES.into_iter().chain(["examples", "xtask"]) {
        for file in source_files(&root().join(name).join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let is_test = file.to_string_lossy().contains("tests.rs");
            assert!(is_test || text.starts_with("//! "), "{} has no module docs", file.display());
        }
    }
}

#[test]
fn each_integration_feature_is_a_row_of_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap();
    let sdk = metadata.packages.iter().find(|package| package.name.as_str() == "xray-sdk").unwrap();
    for feature in sdk.features.keys().filter(|feature| !matches!(feature.as_str(), "default" | "full")) {
        assert!(readme.contains(&format!("| `{feature}` |")), "the README's feature table has no row for `{feature}`");
    }
}

#[test]
fn the_documents_name_files_that_exist() {
    for document in ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for path in text
            .split('`')
            .filter(|code| code.contains('/') && (code.ends_with(".rs") || code.ends_with('/')) && !code.contains(['*', ' ', '{', ':']))
        {
            assert!(path.starts_with('/') || root().join(path).exists(), "{document} names `{path}`, which is not there");
        }
    }
}

#[test]
fn clippy_knows_the_function_budget_and_the_lints_are_inherited() {
    let clippy = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    assert!(clippy.contains("too-many-lines-threshold = 60"));
    for package in MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} does not inherit the lints", package.name);
    }
}
