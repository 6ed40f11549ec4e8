//! What happens to the agent.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use super::bed::Bed;
use crate::sink::{Conduct, Door};

type Result = std::result::Result<(), Box<dyn Error>>;

/// Ticks of 10 ms between two rotations while the agent runs.
const ROTATION: u64 = 60;

pub(super) fn killed(bed: &mut Bed) -> Result {
    bed.send(1.5)?;
    bed.kill()?;
    bed.lanes.log.write(500)?;
    bed.send(1.0)
}

pub(super) fn killed_in_an_outage(bed: &mut Bed) -> Result {
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(2.5)?;
    bed.kill()?;
    bed.send(0.5)?;
    bed.sink.set(Conduct::default());
    Ok(())
}

pub(super) fn stopped(bed: &mut Bed) -> Result {
    bed.send(1.5)?;
    bed.stop()?;
    bed.lanes.log.write(500)?;
    bed.send(1.0)
}

pub(super) fn stopped_in_an_outage(bed: &mut Bed) -> Result {
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(2.0)?;
    bed.stop()?;
    bed.send(0.5)?;
    bed.sink.set(Conduct::default());
    Ok(())
}

/// Three times, the configuration being as it was.
pub(super) fn reloaded(bed: &mut Bed) -> Result {
    for _ in 0..3 {
        bed.send(0.7)?;
        bed.signal(Signal::HUP)?;
    }
    bed.send(0.7)
}

/// Another file takes what is left of the disk, in an outage.
pub(super) fn disk_full(bed: &mut Bed) -> Result {
    bed.send(1.0)?;
    bed.sink.set(Conduct::behind(Door::Shut));
    let filler = bed.folder().join("filler");
    fill(&filler)?;
    bed.send(2.0)?;
    std::fs::remove_file(filler)?;
    bed.sink.set(Conduct::default());
    bed.send(1.0)
}

fn fill(path: &Path) -> Result {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path)?;
    while file.write_all(&[b'x'; 4_096]).is_ok() {}
    Ok(())
}

/// The agent's clock only, by Debian's `libfaketime`.
pub(super) fn clock_jumps(bed: &mut Bed) -> Result {
    let Some(offset) = bed.agent.own_clock()? else {
        return Err("no libfaketime (Debian's `faketime`)".into());
    };
    for jump in ["+0\n", "+86400\n", "-86400\n"] {
        std::fs::write(&offset, jump)?;
        bed.send(1.2)?;
    }
    Ok(())
}

pub(super) fn rotated_while_it_runs(bed: &mut Bed) -> Result {
    bed.lanes.rotates_every = Some(ROTATION);
    bed.send(4.0)?;
    bed.lanes.rotates_every = None;
    Ok(())
}

/// Faster than the agent looks: several rotations go unseen.
pub(super) fn rotated_at_once(bed: &mut Bed) -> Result {
    bed.send(1.0)?;
    for _ in 0..3 {
        bed.lanes.log.rotate()?;
        bed.lanes.log.write(100)?;
    }
    bed.send(1.0)
}

pub(super) fn rotated_while_it_is_down(bed: &mut Bed) -> Result {
    down(bed, 3)
}

/// Where the second generation is compressed, one rotation leaves the lines readable.
pub(super) fn rotated_once_while_it_is_down(bed: &mut Bed) -> Result {
    down(bed, 1)
}

fn down(bed: &mut Bed, rotations: u32) -> Result {
    bed.send(1.0)?;
    bed.stop()?;
    for _ in 0..rotations {
        bed.lanes.log.write(200)?;
        bed.lanes.log.rotate()?;
        std::thread::sleep(Duration::from_millis(50));
    }
    bed.lanes.log.write(200)?;
    bed.send(0.5)
}
