//! The files of `deploy/`.

mod support;

#[tokio::test]
async fn the_platforms_own_tools_take_them() {
    support::run_script("TEST_PYTHON", "deploy/check.py", &[]).await;
}
