//! The files of `deploy/`.

#![allow(clippy::unwrap_used, reason = "tests")]

#[tokio::test]
async fn the_platforms_own_tools_take_them() {
    crate::support::run_script("TEST_PYTHON", "deploy/check.py", &[]).await;
}

fn read(text: &str) -> Result<metrics_agent::Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    metrics_agent::Config::read(&path).map_err(|error| error.to_string())
}

/// The lines of `deploy/config.toml` that set a key, with their section and whether they are examples.
fn settings() -> Vec<(String, String, bool)> {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config.toml")).unwrap();
    let (mut section, mut settings) = (String::new(), Vec::new());
    for line in text.lines() {
        let bare = line.trim_start_matches("# ");
        if bare.starts_with('[') {
            section = bare.split('#').next().unwrap().trim().to_owned();
        } else if line.starts_with("# ")
            && bare.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|c| c.is_alphabetic() || c == '_'))
        {
            settings.push((section.clone(), bare.to_owned(), bare.contains("# example")));
        }
    }
    settings
}

#[test]
fn the_file_of_deploy_shows_every_default() {
    let default = metrics_agent::Config::default();
    assert_eq!(
        metrics_agent::Config::read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config.toml")).unwrap(),
        default
    );
    for (section, setting, is_example) in settings() {
        let needed = if section == "[[logs.files]]" && !setting.starts_with("paths") { "paths = [\"/a\"]\n" } else { "" };
        let group = if section == "[[logs.files]]" && !setting.starts_with("group") { "group = \"/a\"\n" } else { "" };
        let config = read(&format!("{section}\n{needed}{group}{setting}\n")).unwrap_or_else(|error| panic!("{section} {setting}: {error}"));
        assert_eq!(config != default, is_example, "{section} {setting}");
    }
}

#[test]
fn the_file_of_deploy_shows_every_key() {
    let shown = settings();
    for section in ["[aws]", "[traces]", "[traces.otlp]", "[otlp]", "[metrics]", "[logs]", "[[logs.files]]", "[health]"] {
        let error = read(&format!("{section}\nno_such_key = 1\n")).unwrap_err();
        let (_, expected) = error.split_once("expected one of ").or_else(|| error.split_once("expected ")).unwrap();
        let keys = expected.split('`').skip(1).step_by(2);
        for key in keys.filter(|key| !["otlp", "files"].contains(key)) {
            let is_shown = shown.iter().any(|(of, setting, _)| of == section && setting.starts_with(&format!("{key} = ")));
            assert!(is_shown, "{section} {key}");
        }
    }
}

#[test]
fn the_unit_of_beanstalk_is_that_of_systemd() {
    let read = |path: &str| std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path)).unwrap();
    let settings = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    };
    let beanstalk = read("beanstalk/.ebextensions/metrics-agent.config");
    let (_, unit) = beanstalk.split_once("content: |\n").unwrap();
    let (unit, _) = unit.split_once("container_commands:").unwrap();
    let systemd = settings(&read("systemd/metrics-agent.service"));
    assert_eq!(settings(unit), systemd);
    for needed in ["StartLimitIntervalSec=0", "LimitNOFILE=65536", "ExecReload=/bin/sh -c 'kill -HUP $MAINPID'"] {
        assert!(systemd.iter().any(|line| line == needed), "{needed}");
    }
}
