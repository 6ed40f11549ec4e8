//! [`LogWriter`]: writes numbered lines, and rotates as logrotate, logback and others do.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The way in which files are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// `app.log.1`, moved up by one each time.
    Rename,
    /// A copy to `app.log.1`; the file is truncated.
    CopyTruncate,
    /// The same, and the pattern matches the copies too.
    CopyTruncateMatched,
    /// As `Rename`; `app.log.2` is compressed (`delaycompress`).
    Compress,
    /// `old/app.log.1`.
    OldDir,
    /// `app.log-20261201-000001`.
    Dated,
    /// `current.log` is a link to `app-1.log`, then to `app-2.log`.
    Link,
}

/// Generations that are kept.
const KEPT: u32 = 6;

/// A program that logs.
#[derive(Debug)]
pub(super) struct LogWriter {
    folder: PathBuf,
    layout: Layout,
    file: File,
    rotations: u32,
    /// Lines so far: each begins with its number.
    pub(super) written: u64,
}

impl Layout {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::CopyTruncate => "copytruncate",
            Self::CopyTruncateMatched => "copytruncate, app.log*",
            Self::Compress => "delaycompress",
            Self::OldDir => "olddir",
            Self::Dated => "dated",
            Self::Link => "link",
        }
    }

    /// The pattern that the agent is given, in the folder of the logs.
    pub(super) const fn pattern(self) -> &'static str {
        match self {
            Self::CopyTruncateMatched => "app.log*",
            Self::Link => "current.log",
            _ => "app.log",
        }
    }
}

impl LogWriter {
    pub(super) fn new(folder: &Path, layout: Layout) -> io::Result<Self> {
        std::fs::create_dir_all(folder.join("old"))?;
        let folder = folder.to_owned();
        let path = if layout == Layout::Link { folder.join("app-0.log") } else { folder.join("app.log") };
        let file = append_to(&path)?;
        if layout == Layout::Link {
            symlink("app-0.log", folder.join("current.log"))?;
        }
        Ok(Self { folder, layout, file, rotations: 0, written: 0 })
    }

    pub(super) fn write(&mut self, lines: u64) -> io::Result<()> {
        let text: String = (self.written..self.written + lines).map(|number| format!("{number} a line of an application\n")).collect();
        self.file.write_all(text.as_bytes())?;
        self.written += lines;
        Ok(())
    }

    pub(super) fn rotate(&mut self) -> io::Result<()> {
        self.rotations += 1;
        let log = self.folder.join("app.log");
        match self.layout {
            Layout::Rename | Layout::OldDir | Layout::Compress => {
                self.move_up()?;
                std::fs::rename(&log, self.generation(1))?;
                self.file = append_to(&log)?;
            }
            Layout::CopyTruncate | Layout::CopyTruncateMatched => {
                self.move_up()?;
                std::fs::copy(&log, self.generation(1))?;
                self.file.set_len(0)?;
            }
            Layout::Dated => {
                std::fs::rename(&log, self.folder.join(format!("app.log-20261201-{:06}", self.rotations)))?;
                self.file = append_to(&log)?;
            }
            Layout::Link => {
                let name = format!("app-{}.log", self.rotations);
                self.file = append_to(&self.folder.join(&name))?;
                symlink(&name, self.folder.join("next"))?;
                std::fs::rename(self.folder.join("next"), self.folder.join("current.log"))?;
            }
        }
        Ok(())
    }

    /// The path of a generation; the second is compressed in its layout.
    fn generation(&self, generation: u32) -> PathBuf {
        let folder = if self.layout == Layout::OldDir { self.folder.join("old") } else { self.folder.clone() };
        let suffix = if self.layout == Layout::Compress && generation > 1 { ".gz" } else { "" };
        folder.join(format!("app.log.{generation}{suffix}"))
    }

    fn move_up(&self) -> io::Result<()> {
        for generation in (1..KEPT).rev() {
            let (from, to) = (self.generation(generation), self.generation(generation + 1));
            if !from.exists() {
                continue;
            }
            if self.layout == Layout::Compress && generation == 1 {
                let mut packed = flate2::write::GzEncoder::new(File::create(to)?, flate2::Compression::fast());
                io::copy(&mut File::open(&from)?, &mut packed)?;
                packed.finish()?;
                std::fs::remove_file(from)?;
            } else {
                std::fs::rename(from, to)?;
            }
        }
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
