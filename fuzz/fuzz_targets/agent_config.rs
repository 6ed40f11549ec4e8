//! The agent's file and the X-Ray daemon's: any text is read or refused by name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use metrics_agent::{Config, DaemonFlags, DaemonOptions};

fuzz_target!(|text: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    let [own, daemons] = ["config.toml", "cfg.yaml"].map(|name| folder.path().join(name));
    for path in [&own, &daemons] {
        std::fs::write(path, text).expect("a folder of our own");
    }
    match Config::read(&own) {
        Ok(config) => drop(config.summary()),
        Err(error) => assert!(error.to_string().contains("config.toml"), "{error}"),
    }
    for is_named in [true, false] {
        let Ok(options) = DaemonOptions::read(DaemonFlags::default(), Some(&daemons), is_named) else { continue };
        let mut config = Config::default();
        if options.apply(&mut config).is_ok() {
            std::fs::write(&own, options.to_toml(&config)).expect("a folder of our own");
            Config::read(&own).expect("what is imported is read");
        }
    }
});
