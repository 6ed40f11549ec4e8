//! Follows symbolic links to log files, but not where another user could point them at a file of somebody else.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

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
    /// No links to files. Links to their folders are followed as with [`FollowLinks::Trusted`].
    Never,
}

/// Resolves the links of paths; each folder once.
#[derive(Debug, Default)]
pub(crate) struct Links {
    folders: HashMap<PathBuf, Result<Rc<Folder>, String>>,
}

/// A folder without links in its path.
#[derive(Debug)]
struct Folder {
    real: PathBuf,
    /// Owners of the links on the way that another user may have made.
    owners: Vec<u32>,
    /// Only root or this process' user may put links there.
    is_trusted: bool,
}

impl Links {
    /// The regular file that a path leads to, by a path without links, and what is known of it.
    ///
    /// # Errors
    /// Says why the path is left out.
    pub(crate) fn resolve(&mut self, path: &Path, follow: FollowLinks) -> Result<(PathBuf, Metadata), String> {
        let (mut at, mut owners) = (std::path::absolute(path).map_err(|error| error.to_string())?, Vec::new());
        for step in 0..STEPS {
            let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else { return Err("it is no regular file".into()) };
            let folder = self.folder(parent, STEPS - step)?;
            owners.extend(&folder.owners);
            let real = folder.real.join(name);
            let metadata = real.symlink_metadata().map_err(|error| match step {
                0 => error.to_string(),
                _ => format!("it is a link to {}: {error}", real.display()),
            })?;
            if !metadata.is_symlink() {
                let owners = if follow == FollowLinks::Always { &[] } else { &*owners };
                return checked(real, metadata, owners);
            }
            if follow == FollowLinks::Never {
                return Err("it is a symbolic link, and follow_links is \"never\"".into());
            }
            owners.extend((!folder.is_trusted).then_some(metadata.uid()));
            at = folder.real.join(real.read_link().map_err(|error| error.to_string())?);
        }
        Err(CIRCLE.into())
    }

    /// The path of a folder without links; none if it is not there.
    pub(crate) fn real_folder(&mut self, path: &Path) -> Option<PathBuf> {
        let path = std::path::absolute(path).ok()?;
        self.folder(&path, STEPS).ok().map(|folder| folder.real.clone())
    }

    fn folder(&mut self, path: &Path, steps: usize) -> Result<Rc<Folder>, String> {
        if let Some(known) = self.folders.get(path) {
            return known.clone();
        }
        let folder = self.find_folder(path, steps).map(Rc::new);
        self.folders.insert(path.to_owned(), folder.clone());
        folder
    }

    fn find_folder(&mut self, path: &Path, steps: usize) -> Result<Folder, String> {
        let (Some(parent), Some(last)) = (path.parent(), path.components().next_back()) else {
            return Ok(Folder { real: PathBuf::from("/"), owners: Vec::new(), is_trusted: is_trusted(Path::new("/")) });
        };
        let above = self.folder(parent, steps)?;
        let real = match last {
            Component::ParentDir => above.real.parent().unwrap_or(&above.real).to_owned(),
            last => above.real.join(last),
        };
        let metadata = real.symlink_metadata().map_err(|error| format!("{}: {error}", real.display()))?;
        if !metadata.is_symlink() {
            let is_trusted = is_trusted(&real);
            return Ok(Folder { real, owners: above.owners.clone(), is_trusted });
        }
        let steps = steps.checked_sub(1).ok_or(CIRCLE)?;
        let target = real.read_link().map_err(|error| format!("{}: {error}", real.display()))?;
        let folder = self.folder(&above.real.join(target), steps)?;
        let mut owners = [&*above.owners, &*folder.owners].concat();
        owners.extend((!above.is_trusted).then_some(metadata.uid()));
        Ok(Folder { real: folder.real.clone(), owners, is_trusted: folder.is_trusted })
    }
}

const CIRCLE: &str = "its symbolic links lead in a circle";

fn checked(at: PathBuf, metadata: Metadata, owners: &[u32]) -> Result<(PathBuf, Metadata), String> {
    if !metadata.is_file() {
        return Err("it is no regular file".into());
    }
    if owners.iter().any(|owner| *owner != metadata.uid()) {
        return Err(format!(
            "a symbolic link in a folder that other users may write to leads to it, and {} belongs to another user; set follow_links = \"always\" if they are trusted",
            at.display()
        ));
    }
    Ok((at, metadata))
}

/// Returns whether only root or this process' user may put links there.
fn is_trusted(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|metadata| {
        let is_ours = metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw();
        is_ours && metadata.mode() & 0o022 == 0
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn resolve(path: &Path, follow: FollowLinks) -> Result<(PathBuf, Metadata), String> {
        Links::default().resolve(path, follow)
    }

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
    fn a_link_to_a_folder_is_held_to_the_same_rule() {
        let (secrets, file) = folder(0o755);
        let (ours, _) = folder(0o755);
        let (shared, _) = folder(0o777);
        for link in [ours.path().join("logs"), shared.path().join("logs")] {
            symlink(secrets.path(), &link).unwrap();
            assert_eq!(resolve(&link.join("app-1.log"), FollowLinks::Trusted).unwrap().0, file, "one owner");
        }
        let others = of_another_user(&file);
        let name = others.file_name().unwrap();
        let link = |folder: &tempfile::TempDir| {
            let link = folder.path().join("logs");
            std::fs::remove_file(&link).unwrap();
            symlink(others.parent().unwrap(), &link).unwrap();
            link.join(name)
        };
        let (ours, shared) = (link(&ours), link(&shared));
        assert_eq!(resolve(&ours, FollowLinks::Trusted).unwrap().0, others);
        assert_eq!(resolve(&ours, FollowLinks::Never).unwrap().0, others, "the file itself is no link");
        for follow in [FollowLinks::Trusted, FollowLinks::Never] {
            assert!(resolve(&shared, follow).unwrap_err().contains("another user"), "{follow:?}");
        }
        assert_eq!(resolve(&shared, FollowLinks::Always).unwrap().0, others);
    }

    #[test]
    fn a_path_is_resolved_over_points_and_links_in_its_middle() {
        let (folder, file) = folder(0o755);
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        symlink("a/b/../..", folder.path().join("back")).unwrap();
        symlink("circle", folder.path().join("circle")).unwrap();
        assert_eq!(resolve(&folder.path().join("back/./back/app-1.log"), FollowLinks::Trusted).unwrap().0, file);
        assert!(resolve(&folder.path().join("circle/app-1.log"), FollowLinks::Trusted).unwrap_err().contains("circle"));
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
