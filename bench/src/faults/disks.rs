//! What happens to the spool's disk, always in an outage that is longer than memory is large.

use std::error::Error;
use std::ffi::CString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::bed::Bed;
use super::cell::Ended;
use crate::agent::is_root;
use crate::sink::{Conduct, Door};

type Result<T = Ended> = std::result::Result<T, Box<dyn Error>>;

/// Nobody's agent: root may write anywhere.
pub(super) fn read_only(bed: &mut Bed) -> Result {
    bed.agent.is_unprivileged = true;
    let spool = bed.spool();
    in_an_outage(bed, || Ok(std::fs::set_permissions(&spool, Permissions::from_mode(0o500))?))?;
    std::fs::set_permissions(&spool, Permissions::from_mode(0o700))?;
    Ok(Ended::ToBeJudged)
}

pub(super) fn vanished(bed: &mut Bed) -> Result {
    let spool = bed.spool();
    in_an_outage(bed, || Ok(std::fs::remove_dir_all(&spool)?))?;
    Ok(Ended::ToBeJudged)
}

/// A disk of its own with little room, most of which somebody else takes.
pub(super) fn full(bed: &mut Bed) -> Result {
    if !is_root() {
        return Ok(Ended::Skipped("only root mounts a disk".into()));
    }
    let spool = bed.spool();
    let disk = SmallDisk::mount(&spool, 6)?;
    in_an_outage(bed, || Ok(std::fs::write(spool.join("somebody-elses"), vec![0; 3 << 20])?))?;
    std::fs::remove_file(spool.join("somebody-elses"))?;
    // The agent has to let go of it before it can be unmounted.
    bed.wait_until_nothing_is_held()?;
    disk.unmount_when_dropped();
    Ok(Ended::ToBeJudged)
}

fn in_an_outage(bed: &mut Bed, fault: impl FnOnce() -> Result<()>) -> Result<()> {
    bed.send(0.5)?;
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(1.5)?;
    fault()?;
    bed.send(3.0)?;
    bed.sink.set(Conduct::default());
    bed.send(0.5)
}

/// A tmpfs; lazily unmounted, as the agent is in it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, megabytes: u32) -> Result<Self> {
        std::fs::create_dir_all(at)?;
        let data = CString::new(format!("size={megabytes}m,mode=0700"))?;
        mount("tmpfs", at, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(data.as_c_str()))?;
        Ok(Self(at.to_owned()))
    }

    /// Names the moment; dropping does it.
    fn unmount_when_dropped(self) {}
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = unmount(&self.0, UnmountFlags::DETACH) {
            eprintln!("bench: {}: {error}", self.0.display());
        }
    }
}
