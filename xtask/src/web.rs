//! The page's build.

use std::path::Path;

use crate::setup::{node_modules, root, run};

/// What the crate embeds.
const BUILT: [&str; 3] = ["index.html", "assets/console.js", "assets/console.css"];

pub(crate) fn build(check: bool) -> Result<(), String> {
    let web = root().join("xray-console/web");
    node_modules()?;
    let committed = read(&web)?;
    run(&web, "npm", &["run", "--silent", "build"])?;
    if check && read(&web)? != committed {
        return Err("xray-console/web/dist is not what its source builds: run `cargo xtask web` and commit it".into());
    }
    Ok(())
}

fn read(web: &Path) -> Result<Vec<Vec<u8>>, String> {
    BUILT.iter().map(|file| std::fs::read(web.join("dist").join(file)).map_err(|error| format!("{file}: {error}"))).collect()
}
