//! [`Cursor`]: where the first block is that has not come to its end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

const BYTES: usize = 20;

/// A small file that is written over in place: one write of twenty bytes, which a torn one cannot pass off as another.
#[derive(Debug)]
pub(super) struct Cursor(File);

/// A place before a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) file: u64,
    pub(super) offset: u64,
}

impl Cursor {
    /// Opens it, and what it says; nothing if it is new or torn, and then everything is read again.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Position)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(folder.join("cursor"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let position = decode(&bytes).unwrap_or_default();
        Ok((Self(file), position))
    }

    /// Moves it.
    pub(super) fn move_to(&self, position: Position) -> io::Result<()> {
        self.0.write_all_at(&encode(position), 0)
    }
}

fn encode(position: Position) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(&position.file.to_le_bytes());
    bytes[8..16].copy_from_slice(&position.offset.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..16]);
    bytes[16..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let checksum = u32::from_le_bytes(bytes.get(16..BYTES)?.try_into().ok()?);
    (checksum == crc32fast::hash(&bytes[..16])).then_some(Position { file: number(0)?, offset: number(8)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_cursor_says_nothing() {
        let bytes = encode(Position { file: 7, offset: 4_096 });
        assert_eq!(decode(&bytes), Some(Position { file: 7, offset: 4_096 }));
        assert_eq!(decode(&bytes[..19]), None);
        for at in 0..BYTES {
            let mut torn = bytes;
            torn[at] ^= 1;
            assert_eq!(decode(&torn), None);
        }
    }
}
