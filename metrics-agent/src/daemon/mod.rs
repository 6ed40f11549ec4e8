//! The X-Ray daemon's command line and file, so that replacing it is replacing a name.
//!
//! Flags are Go's: one dash or two, short or long, with `=` or without. The file is `cfg.yaml`, versions 1 and 2. Flags beat the file. Both
//! become a [`Config`](crate::Config) in which everything that the daemon does not have is off: it opens 2000 and 2001 and nothing else.
//!
//! Next: [`DaemonOptions::apply`].

mod flags;

mod keys;

mod file;

mod options;

mod import;

pub use file::DaemonFileError;
pub use flags::from_go;
pub use options::{DaemonError, DaemonFlags, DaemonOptions, LogOptions};

/// Where the daemon looks for its file, in this order.
pub const DAEMON_FILES: [&str; 2] = ["/etc/amazon/xray/cfg.yaml", "cfg.yaml"];
