//! The log, on a real folder, with a disk that can be broken at any write.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use super::*;
use crate::spool::block::records;
use crate::spool::disk::RealDisk;

const ROOM: Limits = Limits { bytes: 64 << 20, share: 1.0, synchronises_blocks: false };

/// Passes so many operations; then writes half of what it is told, and nothing ever again, as a process that is killed. Or once.
#[derive(Clone, Debug, Default)]
struct Broken(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    passes: usize,
    heals: bool,
    free: Option<u64>,
    synchronised: usize,
}

impl Broken {
    fn after(passes: usize, heals: bool) -> Self {
        Self(Arc::new(Mutex::new(Plan { passes, heals, ..Plan::default() })))
    }

    fn step(&self) -> bool {
        let mut plan = self.0.lock().unwrap();
        if plan.passes > 0 {
            plan.passes -= 1;
            return true;
        }
        if plan.heals {
            plan.passes = usize::MAX;
        }
        false
    }
}

impl Disk for Broken {
    fn append(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if self.step() {
            return file.write_all(bytes);
        }
        file.write_all(&bytes[..bytes.len() / 2])?;
        Err(io::ErrorKind::StorageFull.into())
    }

    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        if self.step() { file.set_len(length) } else { Err(io::ErrorKind::Other.into()) }
    }

    fn synchronise(&mut self, _: &File) -> io::Result<()> {
        self.0.lock().unwrap().synchronised += 1;
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        if self.step() { std::fs::remove_file(path) } else { Err(io::ErrorKind::Other.into()) }
    }

    fn free(&mut self, _: &Path) -> Option<u64> {
        self.0.lock().unwrap().free
    }
}

fn open(folder: &Path) -> (Log, Found) {
    Log::open(folder, ROOM, Box::new(RealDisk)).unwrap()
}

fn write(log: &mut Log, items: &[u32]) -> io::Result<Place> {
    let mut block = Block::default();
    items.iter().for_each(|item| block.push(1, |bytes| bytes.extend_from_slice(&item.to_le_bytes())));
    log.append(&mut block)
}

/// A block of one item each.
fn write_each(log: &mut Log, items: std::ops::Range<u32>) {
    for item in items {
        write(log, &[item]).unwrap();
    }
}

fn numbers(raw: &[u8]) -> Vec<u32> {
    records(raw).map(|record| u32::from_le_bytes(record.bytes.try_into().unwrap())).collect()
}

/// Everything that waits, in order.
fn all(log: &mut Log) -> Vec<u32> {
    let mut found = Vec::new();
    while let Some(taken) = log.take().unwrap() {
        if let Taken::Block { raw, .. } = taken {
            found.extend(numbers(&raw));
        }
    }
    found
}

#[test]
fn what_is_written_waits_for_the_next_process_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, found) = open(folder.path());
    assert_eq!(found, Found::default());
    for block in [[1, 2], [3, 4], [5, 6]] {
        write(&mut log, &block).unwrap();
    }
    log.close().unwrap();
    let (mut log, found) = open(folder.path());
    assert_eq!(found, Found { items: 6, skipped_bytes: 0, is_unclean: false });
    assert_eq!(all(&mut log), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn what_has_ended_is_not_read_again_and_what_was_loaded_is() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    let first = write(&mut log, &[1, 2]).unwrap();
    let second = write(&mut log, &[3, 4]).unwrap();
    log.load(first);
    log.load(second);
    log.end(first, 1);
    log.end(first, 1);
    log.end(second, 1);
    log.forget_ended();
    drop(log);
    let (mut log, found) = open(folder.path());
    assert_eq!(found, Found { items: 2, skipped_bytes: 0, is_unclean: true });
    assert_eq!(all(&mut log), [3, 4]);
}

#[test]
fn an_empty_spool_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    let place = write(&mut log, &[1]).unwrap();
    log.load(place);
    log.end(place, 1);
    log.close().unwrap();
    assert_eq!(numbers_in(folder.path()).unwrap(), [0; 0]);
    assert_eq!(open(folder.path()).1, Found::default());
}

/// At every operation of a run the process dies; what `append` had acknowledged is there afterwards, and nothing else but whole blocks.
#[test]
fn a_process_killed_at_any_write_loses_only_what_was_not_acknowledged() {
    for passes in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { bytes: 4_000, ..ROOM };
        let mut log = Log::open(folder.path(), limits, Box::new(Broken::after(passes, false))).unwrap().0;
        let mut acknowledged = Vec::new();
        let mut ended = Vec::new();
        for number in 0..30_u32 {
            let Ok(place) = write(&mut log, &[number; 50].map(|n| n.wrapping_mul(2_654_435_761) ^ number)) else { break };
            acknowledged.push(number);
            if number % 3 == 0 {
                log.load(place);
                log.end(place, 50);
                log.forget_ended();
                ended.push(number);
            }
        }
        let evicted = log.take_evicted() / 50;
        drop(log);
        let (mut log, found) = Log::open(folder.path(), ROOM, Box::new(RealDisk)).unwrap();
        let blocks = all(&mut log).len() / 50;
        assert!(found.is_unclean);
        let lost = usize::try_from(evicted).unwrap();
        assert!(blocks + ended.len() + lost >= acknowledged.len(), "{passes}: {blocks} of {acknowledged:?}, {evicted} evicted");
        assert!(blocks <= acknowledged.len(), "{passes}: {blocks} of {acknowledged:?}");
    }
}

#[test]
fn a_full_disk_is_said_and_what_follows_is_whole() {
    for passes in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::open(folder.path(), ROOM, Box::new(Broken::after(passes, true))).unwrap().0;
        let acknowledged: Vec<u32> = (0..10).filter(|number| write(&mut log, &[*number]).is_ok()).collect();
        assert!(acknowledged.len() >= 9, "one write failed: {acknowledged:?}");
        drop(log);
        assert_eq!(all(&mut open(folder.path()).0), acknowledged, "broken after {passes}");
    }
}

#[test]
fn damage_takes_its_block_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    write_each(&mut log, 0..20);
    drop(log);
    let path = SpoolFile::path_of(folder.path(), 1);
    let whole = std::fs::read(&path).unwrap();
    for at in 16..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&path, &damaged).unwrap();
        std::fs::remove_file(folder.path().join("cursor")).unwrap();
        let mut log = open(folder.path()).0;
        let found = all(&mut log);
        assert_eq!(found.len(), 19, "byte {at}: {found:?}");
        drop(log);
    }
}

#[test]
fn a_torn_end_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    write_each(&mut log, 0..3);
    drop(log);
    let path = SpoolFile::path_of(folder.path(), 1);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let (mut log, found) = open(folder.path());
    assert_eq!((found.items, found.skipped_bytes > 0), (2, true));
    assert_eq!(all(&mut log), [0, 1]);
}

#[test]
fn above_the_quota_the_oldest_goes_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(folder.path(), Limits { bytes: 2_000, ..ROOM }, Box::new(RealDisk)).unwrap().0;
    let written: Vec<u32> = (0..100).collect();
    write_each(&mut log, 0..100);
    assert!(log.bytes() <= 2_000);
    let evicted = log.take_evicted() as usize;
    assert!(evicted > 0);
    assert_eq!(log.waiting() as usize, 100 - evicted);
    assert_eq!(all(&mut log), written[evicted..]);
}

#[test]
fn a_disk_that_takes_its_time_is_waited_for_when_that_was_promised_and_at_the_end() {
    for (synchronises_blocks, expected) in [(false, 0), (true, 100)] {
        let folder = tempfile::tempdir().unwrap();
        let disk = Broken::after(usize::MAX, false);
        let limits = Limits { bytes: 8_000, synchronises_blocks, ..ROOM };
        let mut log = Log::open(folder.path(), limits, Box::new(disk.clone())).unwrap().0;
        write_each(&mut log, 0..100);
        assert!(log.files.len() > 1, "files must have been full");
        assert_eq!(disk.0.lock().unwrap().synchronised, expected);
        let files = log.files.len();
        log.close().unwrap();
        assert_eq!(disk.0.lock().unwrap().synchronised, expected + files);
    }
}

#[test]
fn a_share_of_what_is_free_is_left_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Broken::after(usize::MAX, false);
    let mut log = Log::open(folder.path(), Limits { share: 0.5, ..ROOM }, Box::new(disk.clone())).unwrap().0;
    disk.0.lock().unwrap().free = Some(1_000);
    write(&mut log, &[1]).unwrap();
    disk.0.lock().unwrap().free = Some(20);
    assert_eq!(write(&mut log, &[2]).unwrap_err().kind(), io::ErrorKind::StorageFull);
    disk.0.lock().unwrap().free = Some(1_000);
    write(&mut log, &[3]).unwrap();
    assert_eq!(all(&mut log), [1, 3]);
}

#[test]
fn a_small_share_is_used_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Broken::after(usize::MAX, false);
    disk.0.lock().unwrap().free = Some(1_000);
    let mut log = Log::open(folder.path(), Limits { share: 0.5, ..ROOM }, Box::new(disk)).unwrap().0;
    for number in 0..200 {
        let place = write(&mut log, &[number]).unwrap();
        log.load(place);
        log.end(place, 1);
        log.forget_ended();
    }
    assert_eq!(log.take_evicted(), 0);
}

#[test]
fn what_a_file_took_along_is_counted_when_memory_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::open(folder.path(), Limits { bytes: 2_000, ..ROOM }, Box::new(RealDisk)).unwrap().0;
    let first = write(&mut log, &[1, 2, 3]).unwrap();
    log.load(first);
    write_each(&mut log, 0..100);
    assert!(!log.has(first), "its file has gone, and its items are in memory");
    let before = log.take_evicted();
    let second = write(&mut log, &[4, 5]).unwrap();
    log.load(second);
    log.leave_memory();
    write_each(&mut log, 0..100);
    assert_eq!(log.take_evicted() + log.waiting() + before, 202, "all but the three that memory had");
}

#[test]
fn two_processes_and_newer_versions_are_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    write(&mut log, &[1]).unwrap();
    let taken = Log::open(folder.path(), ROOM, Box::new(RealDisk)).unwrap_err().to_string();
    assert!(taken.ends_with("another process has this spool"), "{taken}");
    drop(log);
    let path = SpoolFile::path_of(folder.path(), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8] = 2;
    std::fs::write(&path, &bytes).unwrap();
    let newer = Log::open(folder.path(), ROOM, Box::new(RealDisk)).unwrap_err().to_string();
    assert!(newer.contains("a newer program wrote this spool (version 2"), "{newer}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn any_file_opens_without_a_panic() {
    use proptest::prelude::*;
    proptest!(|(bytes in prop::collection::vec(any::<u8>(), 0..200), keep in 0..40_usize)| {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = open(folder.path());
        write(&mut log, &[1]).unwrap();
        drop(log);
        let path = SpoolFile::path_of(folder.path(), 1);
        let mut file = std::fs::read(&path).unwrap();
        file.truncate(keep);
        file.extend(bytes);
        std::fs::write(&path, file).unwrap();
        if let Ok((mut log, _)) = Log::open(folder.path(), ROOM, Box::new(RealDisk)) {
            while let Ok(Some(_)) = log.take() {}
        }
    });
}

#[test]
fn files_that_are_deleted_in_use_are_written_again() {
    for is_folder_deleted in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let delete = || {
            if is_folder_deleted {
                std::fs::remove_dir_all(&path).unwrap();
            } else {
                let files = numbers_in(&path).unwrap().into_iter().map(|number| SpoolFile::path_of(&path, number));
                files.for_each(|file| std::fs::remove_file(file).unwrap());
            }
        };
        let (mut log, _) = open(&path);
        write(&mut log, &[1]).unwrap();
        write(&mut log, &[2, 3]).unwrap();
        assert!(matches!(log.take(), Ok(Some(Taken::Block { place, items: 1, .. })) if { log.end(place, 1); true }));
        delete();
        write(&mut log, &[4]).unwrap();
        delete();
        log.close().unwrap();
        let (mut next, found) = open(&path);
        assert_eq!((found.items, found.is_unclean), (3, false), "folder: {is_folder_deleted}");
        assert!(matches!(next.take(), Ok(Some(Taken::Block { items: 2, .. }))));
    }
}

#[test]
fn bytes_between_blocks_are_skipped_and_counted_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    write(&mut log, &[1]).unwrap();
    let end_of_first = log.files.back().unwrap().length;
    write(&mut log, &[2]).unwrap();
    log.close().unwrap();
    let path = SpoolFile::path_of(folder.path(), 1);
    let bytes = std::fs::read(&path).unwrap();
    let (first, second) = bytes.split_at(end_of_first as usize);
    // The second has the beginning of a header in it.
    for garbage in [vec![0xaa; 100], [&second[..8], &[0xaa; 92]].concat(), vec![0xaa; 1]] {
        std::fs::write(&path, [first, &garbage, second, &garbage].concat()).unwrap();
        let (mut log, found) = open(folder.path());
        assert_eq!((found.items, found.skipped_bytes), (2, 2 * garbage.len() as u64));
        for expected in [1_u32, 2] {
            let Ok(Some(Taken::Block { raw, .. })) = log.take() else { panic!("no block") };
            assert_eq!(records(&raw).next().unwrap().bytes, expected.to_le_bytes());
        }
    }
}

#[test]
fn a_quota_that_is_changed_counts_and_the_oldest_files_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    log.set_quota((1, 1.0));
    assert!(write(&mut log, &[0]).is_err());
    log.set_quota((4_000, 1.0));
    for number in 0..200 {
        write(&mut log, &[number]).unwrap();
    }
    assert!(log.bytes() <= 4_000 && log.files.len() > 1, "{} bytes in {} files", log.bytes(), log.files.len());
    let evicted = log.take_evicted();
    assert_eq!((log.waiting(), log.take_evicted()), (200 - evicted, 0));
    let Ok(Some(Taken::Block { raw, place, .. })) = log.take() else { panic!("no block") };
    assert_eq!(records(&raw).next().unwrap().bytes, (evicted as u32).to_le_bytes(), "the oldest went");
    assert!(log.has(place) && !log.has(Place { file: 0, block: 0 }));
}

#[test]
fn a_file_goes_when_its_blocks_have_ended_and_the_last_when_it_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    log.set_quota((4_000, 1.0));
    let mut number = 0;
    while log.files.len() < 2 {
        write(&mut log, &[number]).unwrap();
        number += 1;
    }
    for _ in 0..number {
        let Ok(Some(Taken::Block { place, items, .. })) = log.take() else { panic!("no block") };
        log.end(place, items);
    }
    log.forget_ended();
    assert_eq!(numbers_in(folder.path()).unwrap(), [2], "the open one stays for what comes");
    write(&mut log, &[number]).unwrap();
    assert_eq!(numbers_in(folder.path()).unwrap(), [2]);
    let Ok(Some(Taken::Block { place, items, .. })) = log.take() else { panic!("no block") };
    log.end(place, items);
    log.close().unwrap();
    assert!(numbers_in(folder.path()).unwrap().is_empty());
}
