//! Queue, pump and keeper together: what becomes of items in outages, at the end and at the next start.

use std::path::Path;

use super::*;
use crate::ledger::LedgerSnapshot;

#[derive(Debug, PartialEq, Eq)]
struct Number(u32);

impl Item for Number {
    fn bytes(&self) -> usize {
        100
    }

    /// So that one takes 100 bytes of memory in all.
    fn heap_bytes(&self) -> usize {
        100 - Held::new(Self(0)).memory_beside_the_heap()
    }
}

impl Spooled for Number {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let number = u32::from_le_bytes(bytes.try_into().ok()?);
        (number != Self::UNREADABLE).then_some(Self(number))
    }
}

impl Number {
    /// Is written, and cannot be read.
    const UNREADABLE: u32 = u32::MAX;
}

/// Fails every write.
#[derive(Debug)]
struct Full;

impl Disk for Full {
    fn append(&mut self, _: &mut std::fs::File, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

struct Rig {
    queue: Arc<Queue<Number>>,
    turns: Turns<Number>,
    ledger: Arc<Ledger>,
}

impl Rig {
    /// Memory has room for ten.
    fn new(folder: &Path, mode: SpoolMode, disk: Box<dyn Disk>) -> Self {
        let ledger = Arc::new(Ledger::default());
        let queue = Queue::spooled(1_000, Arc::clone(&ledger), mode);
        let settings = SpoolSettings { folder: folder.to_owned(), mode, bytes: 1 << 20, share: 1.0 };
        let turns = Turns::open(Arc::clone(&queue), &settings, Arc::clone(&ledger), disk).unwrap();
        Self { queue, turns, ledger }
    }

    fn overflow(folder: &Path) -> Self {
        Self::new(folder, SpoolMode::Overflow, Box::new(RealDisk))
    }

    /// What the destination takes when it takes everything.
    fn send_all(&mut self) -> Vec<u32> {
        let mut sent = Vec::new();
        loop {
            self.turns.turn();
            let batch = self.queue.take();
            if batch.is_empty() {
                return sent;
            }
            sent.extend(batch.iter().map(|held| held.item.0));
            self.ledger.accept(batch.len());
            self.queue.release(&batch);
        }
    }

    /// What a process does that ends before it can send.
    fn end(self) -> LedgerSnapshot {
        let left = self.queue.close();
        assert!(self.queue.leave(left).is_empty());
        self.queue.close_inbox();
        self.turns.close().unwrap();
        self.ledger.snapshot()
    }

    fn counts(&self) -> LedgerSnapshot {
        let counts = self.ledger.snapshot();
        assert_eq!(counts.entered + counts.recovered, counts.accepted + counts.lost_in_all() + counts.held());
        counts
    }
}

#[test]
fn what_memory_has_no_room_for_comes_back_when_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::overflow(folder.path());
    (0..1_000).for_each(|number| assert!(rig.queue.push(Number(number))));
    rig.turns.turn();
    assert_eq!(rig.counts().disk_items, 990);
    let mut sent = rig.send_all();
    sent.sort_unstable();
    assert_eq!(sent, (0..1_000).collect::<Vec<_>>());
    assert_eq!((rig.counts().accepted, rig.counts().held()), (1_000, 0));
}

#[test]
fn what_is_left_at_the_end_is_sent_by_the_next_process_with_its_age() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::overflow(folder.path());
    (0..25).for_each(|number| assert!(rig.queue.push(Number(number))));
    let counts = rig.counts();
    assert_eq!((counts.held(), counts.lost_in_all()), (25, 0));
    rig.end();
    let mut rig = Rig::overflow(folder.path());
    assert_eq!((rig.counts().recovered, rig.counts().held()), (25, 25));
    let mut sent = rig.send_all();
    sent.sort_unstable();
    assert_eq!(sent, (0..25).collect::<Vec<_>>());
    rig.end();
    assert_eq!(Rig::overflow(folder.path()).counts().recovered, 0);
}

#[test]
fn a_killed_process_loses_nothing_that_was_on_disk_and_repeats_what_was_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), SpoolMode::Always, Box::new(RealDisk));
    (0..8).for_each(|number| assert!(rig.queue.push(Number(number))));
    rig.turns.turn();
    let under_way = rig.queue.take();
    assert_eq!(under_way.len(), 8, "what is on disk goes on from memory");
    drop((rig, under_way));
    let mut rig = Rig::new(folder.path(), SpoolMode::Always, Box::new(RealDisk));
    assert_eq!(rig.send_all(), (0..8).collect::<Vec<_>>());
}

/// Counts how often it was synchronised.
#[derive(Debug)]
struct Counted(Arc<std::sync::atomic::AtomicU32>);

impl Disk for Counted {
    fn append(&mut self, file: &mut std::fs::File, bytes: &[u8]) -> io::Result<()> {
        RealDisk.append(file, bytes)
    }

    fn synchronise(&mut self, _: &std::fs::File) -> io::Result<()> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn who_hands_over_learns_when_it_is_on_disk_whatever_the_mode() {
    for mode in [SpoolMode::Overflow, SpoolMode::Always] {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let syncs = Arc::default();
        let mut rig = Rig::new(folder.path(), mode, Box::new(Counted(Arc::clone(&syncs))));
        let queue = Arc::clone(&rig.queue);
        let mut held: Vec<_> = (0..3).map(|number| Box::pin(queue.hold(vec![Number(number)]))).collect();
        let mut ask = || -> Vec<std::task::Poll<bool>> {
            let asked =
                held.iter_mut().map(|held| runtime.block_on(std::future::poll_fn(|cx| std::task::Poll::Ready(held.as_mut().poll(cx)))));
            asked.collect()
        };
        assert!(ask().iter().all(std::task::Poll::is_pending));
        rig.turns.turn();
        assert!(ask().iter().all(|answer| *answer == std::task::Poll::Ready(true)));
        assert_eq!(syncs.load(std::sync::atomic::Ordering::Relaxed), 1, "one for all that waited");
        assert_eq!(rig.queue.take().len(), 3, "they go on from memory");
        drop((held, rig));
        assert_eq!(Rig::new(folder.path(), mode, Box::new(RealDisk)).counts().recovered, 3, "also after a kill");
    }
}

#[test]
fn who_hands_over_is_counted_when_it_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut rig = Rig::new(folder.path(), SpoolMode::Always, Box::new(RealDisk));
    let queue = Arc::clone(&rig.queue);
    let mut held = Box::pin(queue.hold(vec![Number(1), Number(2)]));
    let mut ask = || runtime.block_on(std::future::poll_fn(|cx| std::task::Poll::Ready(held.as_mut().poll(cx))));
    assert!(ask().is_pending());
    assert_eq!(rig.counts().entered, 0);
    rig.turns.turn();
    assert_eq!(ask(), std::task::Poll::Ready(true));
    assert_eq!(rig.counts().entered, 2);
}

#[test]
fn a_disk_that_is_full_leaves_what_can_be_kept_with_its_source_and_counts_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut rig = Rig::new(folder.path(), SpoolMode::Overflow, Box::new(Full));
    (0..12).for_each(|number| assert!(rig.queue.push(Number(number))));
    let queue = Arc::clone(&rig.queue);
    let mut held = Box::pin(queue.hold(vec![Number(99)]));
    let mut ask = || runtime.block_on(std::future::poll_fn(|cx| std::task::Poll::Ready(held.as_mut().poll(cx))));
    assert!(ask().is_pending());
    rig.turns.turn();
    assert_eq!(ask(), std::task::Poll::Ready(false));
    let counts = rig.counts();
    assert_eq!((counts.entered, counts.lost[&LossReason::DISK], counts.held()), (12, 2, 10));
}

#[test]
fn the_clock_on_the_wall_may_jump() {
    let now = (Instant::now(), 1_000);
    let held = Held::new(Number(1));
    assert!(entered(&held, (now.0, 0)) == 0, "before 1970");
    let later = (now.0 + Duration::from_secs(5), 1_000);
    assert_eq!(entered(&held, later), 0);
}

#[test]
fn the_thread_writes_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(Ledger::default());
    let queue = Queue::spooled(1_000, Arc::clone(&ledger), SpoolMode::Overflow);
    let settings = SpoolSettings { folder: folder.path().to_owned(), mode: SpoolMode::Overflow, bytes: 1 << 20, share: 1.0 };
    let keeper = Keeper::start(&queue, &settings, Arc::clone(&ledger)).unwrap();
    (0..25).for_each(|number| assert!(queue.push(Number(number))));
    let left = queue.take();
    assert!(queue.leave(left).is_empty());
    keeper.close().unwrap();
    assert_eq!(Rig::overflow(folder.path()).counts().recovered, 25);
}

#[test]
fn what_was_loaded_from_a_file_that_has_gone_is_written_again_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let rig = |bytes| {
        let ledger = Arc::new(Ledger::default());
        let queue = Queue::spooled(1_000, Arc::clone(&ledger), SpoolMode::Overflow);
        let settings = SpoolSettings { folder: folder.path().to_owned(), mode: SpoolMode::Overflow, bytes, share: 1.0 };
        let turns = Turns::open(Arc::clone(&queue), &settings, Arc::clone(&ledger), Box::new(RealDisk)).unwrap();
        Rig { queue, turns, ledger }
    };
    let first = rig(1 << 20);
    (0..5).for_each(|number| assert!(first.queue.push(Number(number))));
    first.end();
    let mut second = rig(2_000);
    second.turns.turn();
    assert_eq!((second.counts().disk_items, second.queue.held_bytes()), (0, 500), "five are in memory");
    for number in 5..400 {
        second.queue.push(Number(number));
        second.turns.turn();
    }
    let counts = second.end();
    let third = rig(1 << 20);
    assert_eq!(third.counts().recovered, counts.held(), "what is held at the end is what the next process finds");
    assert!(counts.lost[&LossReason::SPOOL_QUOTA] > 0);
}

#[test]
fn who_comes_after_the_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::overflow(folder.path());
    let queue = Arc::clone(&rig.queue);
    assert_eq!(rig.end().held(), 0);
    assert!(queue.offer(Number(1)).is_err());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(!runtime.block_on(queue.hold(vec![Number(2)])));
}

/// Counts what is waited for.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<std::sync::atomic::AtomicUsize>);

impl Disk for Counting {
    fn synchronise(&mut self, file: &std::fs::File) -> io::Result<()> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        file.sync_data()
    }
}

#[test]
fn the_disk_is_waited_for_in_the_mode_that_promises_it() {
    for (mode, expected) in [(SpoolMode::Always, 1), (SpoolMode::Overflow, 0)] {
        let (folder, disk) = (tempfile::tempdir().unwrap(), Counting::default());
        let mut rig = Rig::new(folder.path(), mode, Box::new(disk.clone()));
        (0..20).for_each(|number| assert!(rig.queue.push(Number(number))));
        rig.turns.turn();
        assert_eq!(disk.0.load(std::sync::atomic::Ordering::Relaxed), expected, "{mode:?}");
    }
}

#[test]
fn what_is_in_memory_and_on_disk_is_left_once_and_what_was_sent_is_not_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new(folder.path(), SpoolMode::Always, Box::new(RealDisk));
    (0..5).for_each(|number| assert!(rig.queue.push(Number(number))));
    rig.turns.turn();
    rig.end();
    let mut next = Rig::new(folder.path(), SpoolMode::Always, Box::new(RealDisk));
    assert_eq!(next.counts().recovered, 5);
    assert_eq!(next.send_all(), [0, 1, 2, 3, 4]);
    next.end();
    assert_eq!(Rig::overflow(folder.path()).counts().recovered, 0);
}

#[test]
fn what_memory_has_is_on_disk_only_once_the_process_ends() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::overflow(folder.path());
    (0..3).for_each(|number| assert!(rig.queue.push(Number(number))));
    assert_eq!(rig.end().disk_items, 3);
}

#[test]
fn an_item_that_cannot_be_read_is_lost_alone_and_its_block_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::overflow(folder.path());
    (0..10).chain([Number::UNREADABLE, 11]).for_each(|number| assert!(rig.queue.push(Number(number))));
    let sent = rig.send_all();
    assert_eq!(sent, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
    let counts = rig.end();
    assert_eq!((counts.lost.clone(), counts.held()), ([(LossReason::SPOOL_TORN, 1)].into(), 0));
    assert_eq!(Rig::overflow(folder.path()).counts().recovered, 0);
}

#[test]
fn the_time_of_entry_is_by_the_clock_on_the_wall() {
    let now = Instant::now() + Duration::from_secs(10);
    let held = Held { since: now - Duration::from_secs(5), ..Held::new(Number(0)) };
    assert_eq!(entered(&held, (now, 1_000_000)), 995_000);
}

#[tokio::test]
async fn a_quota_that_is_changed_counts_from_the_next_block_on() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(Ledger::default());
    let queue = Queue::spooled(1_000, Arc::clone(&ledger), SpoolMode::Always);
    let settings = SpoolSettings { folder: folder.path().to_owned(), mode: SpoolMode::Always, bytes: 1, share: 1.0 };
    let keeper = Keeper::start(&queue, &settings, ledger).unwrap();
    assert!(!queue.hold(vec![Number(0)]).await, "no block has room");
    keeper.set_quota(1 << 20, 1.0);
    assert!(queue.hold(vec![Number(1)]).await);
    keeper.close().unwrap();
}
