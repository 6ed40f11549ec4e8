//! What happens to the agent's process.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::bed::Bed;
use super::cell::Ended;
use crate::sink::{Conduct, Door};

type Result<T = Ended> = std::result::Result<T, Box<dyn Error>>;

/// The last datagrams are in the kernel when the signal comes, and the agent is busy.
pub(super) fn stopped_at_work(bed: &mut Bed) -> Result {
    /// Fits into what Linux gives to who asks for a large buffer.
    const BURST: usize = 170;
    bed.send(1.0)?;
    bed.running()?.freeze()?;
    bed.burst(BURST)?;
    bed.stop()?;
    Ok(Ended::ToBeJudged)
}

pub(super) fn stopped_in_an_outage(bed: &mut Bed) -> Result {
    bed.send(0.5)?;
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(2.0)?;
    bed.rest()?;
    bed.stop()?;
    bed.send(0.5)?;
    bed.sink.set(Conduct::default());
    Ok(Ended::ToBeJudged)
}

pub(super) fn killed_in_an_outage(bed: &mut Bed) -> Result {
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(2.0)?;
    bed.rest()?;
    bed.kill()?;
    bed.send(0.5)?;
    bed.sink.set(Conduct::default());
    Ok(Ended::ToBeJudged)
}

/// What was answered with 200 is on disk.
pub(super) fn killed_after_answers(bed: &mut Bed) -> Result {
    bed.sink.set(Conduct::behind(Door::Shut));
    for _ in 0..20 {
        bed.post(50)?;
    }
    bed.kill()?;
    bed.send(0.5)?;
    bed.sink.set(Conduct::default());
    Ok(Ended::ToBeJudged)
}

pub(super) fn killed_at_work(bed: &mut Bed) -> Result {
    bed.send(2.0)?;
    bed.kill()?;
    bed.send(0.5)?;
    Ok(Ended::ToBeJudged)
}

/// As many descriptors as it has, and not one more, while connections have to be made anew.
pub(super) fn without_descriptors(bed: &mut Bed) -> Result {
    bed.send(0.5)?;
    let id = bed.running()?.program.id();
    let open = std::fs::read_dir(format!("/proc/{id}/fd"))?.count() as u64;
    let before = limit_descriptors(id, open)?;
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(1.0)?;
    bed.sink.set(Conduct::default());
    bed.send(2.0)?;
    limit_descriptors(id, before)?;
    bed.send(0.5)?;
    Ok(Ended::ToBeJudged)
}

/// Sets the soft limit of a process; what it was.
pub(super) fn limit_descriptors(process: u32, limit: u64) -> Result<u64> {
    let id = Pid::from_raw(process.cast_signed());
    let maximum = rustix::process::getrlimit(Resource::Nofile).maximum;
    let before = prlimit(id, Resource::Nofile, Rlimit { current: Some(limit), maximum })?;
    Ok(before.current.unwrap_or(1_024))
}

/// The agent's clock only, by Debian's `libfaketime`.
pub(super) fn clock_jumps(bed: &mut Bed) -> Result {
    let Some(offset) = bed.agent.own_clock()? else {
        return Ok(Ended::Skipped("no libfaketime (Debian's `faketime`)".into()));
    };
    bed.send(0.5)?;
    bed.sink.set(Conduct::behind(Door::Shut));
    bed.send(1.0)?;
    std::fs::write(&offset, "+86400\n")?;
    bed.send(1.0)?;
    std::fs::write(&offset, "-86400\n")?;
    bed.send(1.0)?;
    bed.sink.set(Conduct::default());
    bed.send(0.5)?;
    Ok(Ended::ToBeJudged)
}

/// The credentials say themselves how long they are good.
pub(super) fn credentials_expire(bed: &mut Bed) -> Result {
    change_credentials(bed, Duration::from_secs(13))
}

/// They are refused long before they said they would be.
pub(super) fn credentials_revoked(bed: &mut Bed) -> Result {
    change_credentials(bed, Duration::from_secs(3_600))
}

/// Keys in a file say nothing of their end; the file is read again when they are refused.
pub(super) fn credentials_replaced(bed: &mut Bed) -> Result {
    let file = bed.folder().join("credentials");
    let write = |key: &str| std::fs::write(&file, format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n"));
    write("OLD")?;
    bed.agent.variables.extend(NOT_BY_VARIABLE.map(|name| (name, String::new())));
    bed.agent.variables.push(("AWS_SHARED_CREDENTIALS_FILE", file.display().to_string()));
    refused_until(bed, || Ok(write("NEW")?))
}

/// Where the agent would find keys first.
const NOT_BY_VARIABLE: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

fn change_credentials(bed: &mut Bed, lifetime: Duration) -> Result {
    let (profile, file) = (bed.folder().join("profile"), bed.folder().join("credentials.json"));
    std::fs::write(&profile, format!("[default]\ncredential_process = cat {}\n", file.display()))?;
    write_credentials(&file, "OLD", lifetime)?;
    bed.agent.variables.extend(NOT_BY_VARIABLE.map(|name| (name, String::new())));
    bed.agent.variables.push(("AWS_CONFIG_FILE", profile.display().to_string()));
    refused_until(bed, || write_credentials(&file, "NEW", Duration::from_secs(3_600)))
}

/// The old key is good, then refused, then there is another.
fn refused_until(bed: &mut Bed, renew: impl FnOnce() -> Result<()>) -> Result {
    bed.sink.set(Conduct { key: Some("OLD"), ..Conduct::default() });
    bed.send(1.0)?;
    bed.sink.set(Conduct { key: Some("NEW"), ..Conduct::default() });
    bed.send(1.0)?;
    renew()?;
    bed.send(1.0)?;
    Ok(Ended::ToBeJudged)
}

fn write_credentials(file: &Path, key: &str, lifetime: Duration) -> Result<()> {
    let ends = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + lifetime.as_secs();
    let output = std::process::Command::new("date").args(["-u", "-d", &format!("@{ends}"), "+%Y-%m-%dT%H:%M:%SZ"]).output()?;
    let expiration = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let credentials = serde_json::json!({
        "Version": 1, "AccessKeyId": key, "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": expiration,
    });
    Ok(std::fs::write(file, credentials.to_string())?)
}
