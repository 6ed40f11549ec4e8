//! [`Volume`]: the disk of the agent's folder and of the log files.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::mount::{UnmountFlags, unmount};
use tempfile::TempDir;

use crate::agent::is_root;

/// The file system that the agent's folder and the log files are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Volume {
    /// That of the temporary folder.
    Here,
    Ext4,
    /// It gives the inode of a deleted file to the next one.
    Xfs,
    /// An ext4 of 32 MB.
    Small,
}

/// A mounted volume; unmounted when dropped.
#[derive(Debug)]
pub(super) struct Mounted {
    _image: TempDir,
    at: PathBuf,
}

impl Volume {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Ext4 => "ext4",
            Self::Xfs => "XFS",
            Self::Small => "ext4, 32 MB",
        }
    }

    /// Why it cannot be mounted here.
    pub(super) fn missing(self) -> Option<&'static str> {
        match self {
            Self::Here => None,
            _ if !is_root() => Some("only root mounts a disk"),
            Self::Xfs if !Path::new("/sbin/mkfs.xfs").exists() => Some("no mkfs.xfs (Debian's `xfsprogs`)"),
            _ => None,
        }
    }

    /// Makes the file system in a file, and mounts it.
    pub(super) fn mount(self) -> Result<Option<Mounted>, Box<dyn Error>> {
        let (program, arguments, megabytes): (_, &[&str], _) = match self {
            Self::Here => return Ok(None),
            Self::Ext4 => ("/sbin/mkfs.ext4", &["-q", "-F"], 512),
            // Smaller ones are refused.
            Self::Xfs => ("/sbin/mkfs.xfs", &["-q", "-f"], 512),
            Self::Small => ("/sbin/mkfs.ext4", &["-q", "-F", "-m", "0"], 32),
        };
        let folder = tempfile::tempdir()?;
        let (image, at) = (folder.path().join("image"), folder.path().join("mounted"));
        std::fs::File::create(&image)?.set_len(megabytes << 20)?;
        std::fs::create_dir(&at)?;
        run(Command::new(program).args(arguments).arg(&image))?;
        run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&at))?;
        Ok(Some(Mounted { _image: folder, at }))
    }
}

impl Mounted {
    pub(super) fn path(&self) -> &Path {
        &self.at
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = unmount(&self.at, UnmountFlags::DETACH) {
            eprintln!("bench: {}: {error}", self.at.display());
        }
    }
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}
