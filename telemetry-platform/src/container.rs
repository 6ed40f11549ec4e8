//! The id of the container that this process is in.

use crate::world::World;

/// 64 hexadecimal digits, of the control group or, where those are private (version 2), of the mounts that the runtime made.
pub(crate) fn container_id(world: &World) -> Option<String> {
    let text = |path| world.text(path).unwrap_or_default();
    find(&text("/proc/self/cgroup")).or_else(|| find(&text("/proc/self/mountinfo")))
}

fn find(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().find(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())).map(str::to_owned)
}
