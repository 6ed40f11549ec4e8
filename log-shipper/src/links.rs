//! Follows symbolic links to log files, but not where another user could point them at a file of somebody else.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Links are refused after so many steps, as the kernel does.
const STEPS: usize = 40;

/// The policy for symbolic links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FollowLinks {
    /// Links in a folder that only root or this process' user may write to, and links that have one owner with their target.
    #[default]
    Trusted,
    /// All links: every user who may make one of them chooses which file is sent.
    Always,
    /// No links at all.
    Never,
}

/// The regular file that a path leads to, and what is known of it.
///
/// # Errors
/// Says why the path is left out.
pub(crate) fn resolve(path: &Path, follow: FollowLinks) -> Result<(PathBuf, Metadata), String> {
    let (mut at, mut owners) = (path.to_owned(), Vec::new());
    for _ in 0..STEPS {
        let metadata = at.symlink_metadata().map_err(|error| match at == path {
            true => error.to_string(),
            false => format!("it is a link to {}: {error}", at.display()),
        })?;
        if !metadata.is_symlink() {
            return checked(at, metadata, &owners);
        }
        match follow {
            FollowLinks::Never => return Err("it is a symbolic link, and follow_links is \"never\"".into()),
            FollowLinks::Trusted if !is_trusted(at.parent()) => owners.push(metadata.uid()),
            FollowLinks::Trusted | FollowLinks::Always => {}
        }
        let target = at.read_link().map_err(|error| error.to_string())?;
        at = at.parent().unwrap_or(Path::new("/")).join(target);
    }
    Err("its symbolic links lead in a circle".into())
}

fn checked(at: PathBuf, metadata: Metadata, owners: &[u32]) -> Result<(PathBuf, Metadata), String> {
    if !metadata.is_file() {
        return Err("it is no regular file".into());
    }
    if owners.iter().any(|owner| *owner != metadata.uid()) {
        return Err(format!(
            "it is a symbolic link in a folder that other users may write to, and {} belongs to another user; set follow_links = \"always\" if they are trusted",
            at.display()
        ));
    }
    Ok((at, metadata))
}

/// Returns whether only root or this process' user may put links there.
fn is_trusted(folder: Option<&Path>) -> bool {
    let metadata = folder.and_then(|folder| folder.metadata().ok());
    metadata.is_some_and(|metadata| {
        let is_ours = metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw();
        is_ours && metadata.mode() & 0o022 == 0
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// A folder with a file in it.
    fn folder(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let file = folder.path().join("app-1.log");
        std::fs::write(&file, "line\n").unwrap();
        (folder, file)
    }

    /// A file of another user than the one that makes the links here.
    fn of_another_user(file: &Path) -> PathBuf {
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(file, Some(65_534), None).unwrap();
            return file.to_owned();
        }
        PathBuf::from("/etc/passwd")
    }

    #[test]
    fn links_in_a_folder_of_ours_are_followed_over_several_steps() {
        let (folder, file) = folder(0o755);
        let (first, second) = (folder.path().join("current.log"), folder.path().join("newest.log"));
        symlink("app-1.log", &first).unwrap();
        symlink(&first, &second).unwrap();
        assert_eq!(resolve(&second, FollowLinks::Trusted).unwrap().0, file);
        assert!(resolve(&second, FollowLinks::Never).unwrap_err().contains("never"));
    }

    #[test]
    fn a_link_that_another_user_may_have_made_needs_one_owner_or_always() {
        let (folder, file) = folder(0o777);
        let link = folder.path().join("current.log");
        symlink(&file, &link).unwrap();
        assert_eq!(resolve(&link, FollowLinks::Trusted).unwrap().0, file, "one owner");
        let others = of_another_user(&file);
        std::fs::remove_file(&link).unwrap();
        symlink(&others, &link).unwrap();
        assert!(resolve(&link, FollowLinks::Trusted).unwrap_err().contains("another user"));
        assert_eq!(resolve(&link, FollowLinks::Always).unwrap().0, others);
    }

    #[test]
    fn circles_missing_targets_and_folders_are_refused() {
        let (folder, _) = folder(0o755);
        let link = |name: &str, target: &str| {
            let link = folder.path().join(name);
            symlink(target, &link).unwrap();
            resolve(&link, FollowLinks::Always).unwrap_err()
        };
        assert!(link("a.log", "a.log").contains("circle"));
        assert!(link("b.log", "nowhere.log").contains("No such file"));
        assert!(link("c.log", "/").contains("no regular file"));
    }
}
