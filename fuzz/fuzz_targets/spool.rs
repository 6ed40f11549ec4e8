//! A folder that another process left: whatever its file says, opening ends, what is whole comes back and nothing is in the way of more.
//! Even seeds of a block get right checksums, so that what is behind them is reached.
#![no_main]

use std::path::Path;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use telemetry_delivery::{Item, Keeper, Ledger, Queue, SpoolMode, SpoolSettings, Spooled};

#[derive(Debug)]
struct Text(Vec<u8>);

impl Item for Text {
    fn bytes(&self) -> usize {
        self.0.len() + size_of::<Self>()
    }
}

impl Spooled for Text {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.to_vec()))
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    let mut file = b"TELSPOOL\x01\0\0\0\0\0\0\0".to_vec();
    match bytes.split_first() {
        Some((seed, block)) if seed % 2 == 0 => file.extend(with_checksums(block)),
        Some((_, rest)) => file.extend_from_slice(rest),
        None => {}
    }
    std::fs::write(folder.path().join("00000000000000000001.spool"), file).expect("a folder of our own");
    let found = open_and_close(folder.path(), true);
    let again = open_and_close(folder.path(), false);
    assert!(again > 0, "an item was written after {found} were found, and is not there");
});

/// Items that were found. Nobody takes them, so each stays or is counted as lost.
fn open_and_close(folder: &Path, writes: bool) -> u64 {
    let ledger = Arc::new(Ledger::default());
    let queue = Queue::spooled(1, Arc::clone(&ledger), SpoolMode::Overflow);
    let settings = SpoolSettings { folder: folder.to_owned(), mode: SpoolMode::Overflow, bytes: 64 << 20, share: 1.0 };
    let keeper = Keeper::start(&queue, &settings, Arc::clone(&ledger)).expect("its version is known");
    if writes {
        assert!(queue.push(Text(b"one more".to_vec())) && queue.push(Text(b"and one".to_vec())));
    }
    keeper.close().expect("the thread ended, and in order");
    ledger.snapshot().recovered
}

/// A block of these counts and bytes, as if they had been written.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let (counts, stored) = bytes.split_at(bytes.len().min(8));
    let mut block = b"BLCK".to_vec();
    block.extend((stored.len() as u32).to_le_bytes());
    block.extend(counts);
    block.resize(16, 0);
    block.extend(crc32fast::hash(stored).to_le_bytes());
    block.extend(crc32fast::hash(&block).to_le_bytes());
    block.extend(stored);
    block
}
