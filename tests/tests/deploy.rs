//! The files of `deploy/`.

#![allow(clippy::unwrap_used, reason = "tests")]

#[tokio::test]
async fn the_platforms_own_tools_take_them() {
    crate::support::run_script("TEST_PYTHON", "deploy/check.py", &[]).await;
}

#[test]
fn the_agent_takes_its_file() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config.toml");
    let config = metrics_agent::Config::read(&path).unwrap();
    assert_eq!((config.otlp.enabled, config.traces), (Some(true), metrics_agent::TracesConfig::default()));
}
