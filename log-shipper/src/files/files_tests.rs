//! Files through rotation, copies, links and restarts, driven by hand: every line by its number.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;

use telemetry_delivery::LedgerSnapshot;

use std::io;
use std::time::Duration;

use super::*;
use crate::event::LogEvent;
use crate::files::reading::{LAST_LINE_AFTER, LINGERING};

/// A queue that can be filled and emptied by the test.
#[derive(Clone, Debug, Default)]
struct Taken {
    events: Rc<RefCell<Vec<LogEvent>>>,
    is_full: Rc<RefCell<bool>>,
}

impl Outlet for Taken {
    fn offer(&mut self, event: LogEvent) -> Result<(), LogEvent> {
        if *self.is_full.borrow() {
            return Err(event);
        }
        self.events.borrow_mut().push(event);
        Ok(())
    }
}

/// A folder with logs, and the files of a shipper that the test drives.
struct Bed {
    folder: tempfile::TempDir,
    sources: Vec<Source>,
    files: Option<Files<Taken>>,
    taken: Taken,
    now: Now,
    /// Added to the clock.
    passed: Duration,
    max_open: usize,
    /// Of the processes before.
    ledgers: Vec<LedgerSnapshot>,
    delivered: usize,
}

impl Bed {
    fn new(patterns: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = patterns.iter().map(|pattern| folder.path().join(pattern).display().to_string()).collect();
        Self::with_sources(folder, vec![Source::new(paths, "g", Some("s"))])
    }

    fn with_sources(folder: tempfile::TempDir, sources: Vec<Source>) -> Self {
        let (taken, now) = (Taken::default(), Now::read());
        Self { folder, sources, files: None, taken, now, passed: Duration::ZERO, max_open: 100, ledgers: Vec::new(), delivered: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, lines: std::ops::Range<u32>) {
        let text: String = lines.map(|line| format!("line {line}\n")).collect();
        self.append_text(name, &text);
    }

    fn append_text(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::create_dir_all(self.path(to).parent().unwrap()).unwrap();
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn truncate(&self, name: &str) {
        std::fs::OpenOptions::new().write(true).truncate(true).open(self.path(name)).unwrap();
    }

    /// Looks until there is nothing more, and delivers.
    fn look(&mut self) {
        self.look_without_delivery();
        self.deliver();
    }

    fn look_without_delivery(&mut self) {
        self.now = Now::read();
        self.now.instant += self.passed;
        self.now.millis += i64::try_from(self.passed.as_millis()).unwrap();
        if self.files.is_none() {
            let journal = Journal::open(&self.path(".state")).unwrap();
            let books = Books { journal, progress: Arc::default(), ledger: Arc::default() };
            self.files = Some(Files::new(&self.sources, books, self.taken.clone(), self.max_open));
        }
        while self.files.as_mut().unwrap().look(self.now) {}
    }

    fn deliver(&mut self) {
        let files = self.files.as_mut().unwrap();
        let events = self.taken.events.borrow();
        for event in events.iter().skip(self.delivered) {
            files.books.progress.ended(event.content, event.from, event.to);
        }
        self.delivered = events.len();
        files.remember();
    }

    fn pass(&mut self, time: Duration) {
        self.passed += time;
    }

    /// Ends the process; the next look is one of the next.
    fn stop(&mut self) {
        if let Some(files) = self.files.take() {
            self.ledgers.push(files.books.ledger.snapshot());
        }
        self.delivered = self.taken.events.borrow().len();
    }

    fn unread(&mut self) -> u64 {
        self.stop();
        self.ledgers.iter().flat_map(|ledger| ledger.unread.values()).sum()
    }

    fn texts(&self) -> Vec<String> {
        self.taken.events.borrow().iter().map(|event| event.message.clone()).collect()
    }

    /// Counts of the lines that did not arrive exactly once.
    fn amiss(&self, lines: u32) -> BTreeMap<String, usize> {
        let mut counts: BTreeMap<String, usize> = (0..lines).map(|line| (format!("line {line}"), 0)).collect();
        for text in self.texts() {
            *counts.entry(text).or_default() += 1;
        }
        counts.retain(|_, count| *count != 1);
        counts
    }

    fn said(&self, path: &str) -> Option<String> {
        self.files.as_ref().unwrap().left_out.reason(&self.path(path)).map(str::to_owned)
    }
}

const NOTHING: BTreeMap<String, usize> = BTreeMap::new();

#[test]
fn more_files_than_may_be_open_are_all_read() {
    let mut bed = Bed::new(&["*.log"]);
    bed.max_open = 10;
    for round in 0..3 {
        for file in 0..200 {
            bed.append(&format!("app-{file}.log"), round * 200 + file..round * 200 + file + 1);
        }
        bed.look();
    }
    let open = bed.files.as_ref().unwrap().contents.values().filter(|content| content.tail.is_open()).count();
    assert!(open <= 10, "{open}");
    for file in 0..200 {
        bed.append_text(&format!("app-{file}.log"), "unread\n");
        std::fs::remove_file(bed.path(&format!("app-{file}.log"))).unwrap();
    }
    bed.look();
    assert_eq!(bed.texts().iter().filter(|text| *text == "unread").count(), open, "an open file is read after its deletion");
    bed.taken.events.borrow_mut().retain(|event| event.message != "unread");
    assert_eq!(bed.amiss(600), NOTHING);
}

#[test]
fn what_was_deleted_unread_is_counted_in_bytes() {
    let mut bed = Bed::new(&["*.log"]);
    bed.max_open = 1;
    bed.append("a.log", 0..10);
    *bed.taken.is_full.borrow_mut() = true;
    bed.append_text("a.log", &"a line that makes a chunk full\n".repeat(20_000));
    bed.append("b.log", 10..20);
    bed.look_without_delivery();
    bed.files.as_mut().unwrap().contents.values_mut().for_each(|content| content.tail.close());
    let length = std::fs::metadata(bed.path("a.log")).unwrap().len();
    std::fs::remove_file(bed.path("a.log")).unwrap();
    *bed.taken.is_full.borrow_mut() = false;
    bed.look();
    let read: usize = bed.texts().iter().filter(|text| !text.starts_with("line 1")).map(|text| text.len() + 1).sum();
    let read = read as u64 + "line 1\n".len() as u64;
    assert_eq!(bed.unread(), length - read);
}

#[test]
fn a_file_with_the_inode_of_a_deleted_one_is_another() {
    let mut bed = Bed::new(&["*.log"]);
    for run in 0..5 {
        bed.append_text(&format!("backup-{run}.log"), &format!("backup started\nline {run}\n"));
        bed.look();
        std::fs::remove_file(bed.path(&format!("backup-{run}.log"))).unwrap();
        bed.look();
        bed.pass(LINGERING);
        bed.look();
        assert_eq!(bed.files.as_ref().unwrap().books.journal.positions().count(), 0, "a deleted file is forgotten");
    }
    bed.taken.events.borrow_mut().retain(|event| event.message != "backup started");
    assert_eq!(bed.amiss(5), NOTHING);
}

#[test]
fn a_link_is_read_and_a_link_that_is_switched_is_a_rotation() {
    let mut bed = Bed::new(&["current.log"]);
    bed.append("app-1.log", 0..5);
    std::os::unix::fs::symlink("app-1.log", bed.path("current.log")).unwrap();
    bed.look();
    bed.append("app-1.log", 5..10);
    bed.append("app-2.log", 10..15);
    std::fs::remove_file(bed.path("current.log")).unwrap();
    std::os::unix::fs::symlink("app-2.log", bed.path("current.log")).unwrap();
    bed.look();
    assert_eq!(bed.amiss(15), NOTHING);
}

#[test]
fn links_that_are_not_followed_and_compressed_files_are_told() {
    let mut bed = Bed::new(&[]);
    bed.sources = vec![Source::new(vec![bed.path("*").display().to_string()], "g", Some("s")).follow_links(crate::FollowLinks::Never)];
    bed.append("app.log", 0..1);
    bed.append_text("app.log.1.gz", "\u{1f}garbage");
    std::os::unix::fs::symlink("app.log", bed.path("link.log")).unwrap();
    bed.look();
    assert_eq!(bed.amiss(1), NOTHING);
    assert!(bed.said("app.log.1.gz").unwrap().contains("compressed"));
    assert!(bed.said("link.log").unwrap().contains("follow_links"));
}

#[test]
fn copytruncate_reads_the_rest_in_the_copy_whatever_the_pattern() {
    for pattern in ["app.log", "app.log*"] {
        let mut bed = Bed::new(&[pattern]);
        bed.append_text("app.log", "a banner that all generations have\n");
        bed.append("app.log", 0..100);
        bed.look();
        for rotation in 1..4_u32 {
            let begin = rotation * 100;
            bed.append("app.log", begin..begin + 30);
            bed.look();
            bed.append("app.log", begin + 30..begin + 60);
            for generation in (1..rotation).rev() {
                bed.rename(&format!("app.log.{generation}"), &format!("app.log.{}", generation + 1));
            }
            std::fs::copy(bed.path("app.log"), bed.path("app.log.1")).unwrap();
            if rotation == 2 {
                bed.look();
            }
            bed.truncate("app.log");
            bed.append_text("app.log", "a banner that all generations have\n");
            bed.append("app.log", begin + 60..begin + 100);
            bed.look();
            bed.pass(LINGERING);
            bed.look();
        }
        bed.taken.events.borrow_mut().retain(|event| !event.message.contains("banner"));
        assert_eq!(bed.amiss(400), NOTHING, "{pattern}");
        assert_eq!(bed.unread(), 0, "{pattern}");
    }
}

#[test]
fn a_truncation_without_a_copy_is_counted_where_bytes_are_known() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..10);
    bed.append_text("app.log", "unfinished");
    bed.look();
    bed.truncate("app.log");
    bed.append("app.log", 10..40);
    bed.look();
    assert_eq!((bed.amiss(40), bed.unread()), (NOTHING, "unfinished".len() as u64));
}

#[test]
fn lines_rotated_away_while_the_process_was_down_are_read_in_every_layout() {
    type Rotation = fn(&Bed);
    let layouts: [(&str, Rotation); 7] = [
        ("rename", |bed| bed.rename("app.log", "app.log.1")),
        ("dateext", |bed| bed.rename("app.log", "app.log-20261130")),
        ("logback", |bed| bed.rename("app.log", "app.2026-11-30.0.log")),
        ("olddir inside", |bed| bed.rename("app.log", "old/app.log.1")),
        ("copytruncate", |bed| {
            std::fs::copy(bed.path("app.log"), bed.path("app.log.1")).unwrap();
            bed.truncate("app.log");
        }),
        ("renamed to anything", |bed| bed.rename("app.log", "finished.txt")),
        ("gone for a moment", |_| {}),
    ];
    for (layout, rotate) in layouts {
        let mut bed = Bed::new(&["app.log"]);
        bed.append("app.log", 0..5);
        bed.look();
        bed.stop();
        bed.append("app.log", 5..10);
        rotate(&bed);
        bed.append("app.log", 10..15);
        bed.look();
        assert_eq!((bed.amiss(15), bed.unread()), (NOTHING, 0), "{layout}");
    }
}

#[test]
fn a_generation_that_came_and_went_while_the_process_was_down_is_read() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append_text("app.log.3", "a generation from before the first start\n");
    bed.append("app.log", 0..5);
    bed.look();
    bed.stop();
    bed.append("app.log", 5..10);
    bed.rename("app.log", "app.log.1");
    bed.append("app.log", 10..15);
    bed.rename("app.log.1", "app.log.2");
    bed.rename("app.log", "app.log.1");
    bed.append("app.log", 15..20);
    bed.append_text("app.error.log", "another log\n");
    bed.look();
    assert_eq!(bed.amiss(20), NOTHING);
}

#[test]
fn a_generation_that_came_and_went_between_two_looks_is_read() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..5);
    bed.look();
    bed.rename("app.log", "app.log.1");
    bed.append("app.log", 5..10);
    bed.rename("app.log.1", "app.log.2");
    bed.rename("app.log", "app.log.1");
    bed.append("app.log", 10..15);
    bed.look();
    assert_eq!(bed.amiss(15), NOTHING);
}

#[test]
fn a_file_that_is_nowhere_after_a_restart_is_counted_by_what_is_known() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..5);
    bed.look_without_delivery();
    let length = std::fs::metadata(bed.path("app.log")).unwrap().len();
    bed.stop();
    std::fs::remove_file(bed.path("app.log")).unwrap();
    bed.append("app.log", 10..12);
    bed.look();
    assert_eq!(bed.unread(), length, "nothing was delivered of it");
    bed.look();
    assert_eq!(bed.unread(), length, "and it is counted once");
}

#[test]
fn two_streams_of_one_file_both_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let pattern = |name: &str| vec![folder.path().join(name).display().to_string()];
    let sources = vec![Source::new(pattern("*.log"), "a", Some("s")), Source::new(pattern("app.log"), "b", Some("s"))];
    let mut bed = Bed::with_sources(folder, sources);
    bed.append("app.log", 0..3);
    bed.look();
    bed.stop();
    bed.append("app.log", 3..6);
    bed.look();
    for group in ["a", "b"] {
        let events = bed.taken.events.borrow();
        let texts: Vec<_> = events.iter().filter(|event| event.target.group == group).map(|event| &*event.message).collect();
        assert_eq!(texts, ["line 0", "line 1", "line 2", "line 3", "line 4", "line 5"], "{group}");
    }
}

#[test]
fn a_full_queue_holds_what_waits_to_one_chunk_whatever_the_number_of_files() {
    let mut bed = Bed::new(&["*.log"]);
    for file in 0..50 {
        bed.append_text(&format!("{file}.log"), &"a line of a large file\n".repeat(20_000));
    }
    *bed.taken.is_full.borrow_mut() = true;
    (0..5).for_each(|_| bed.look_without_delivery());
    let waiting: usize =
        bed.files.as_ref().unwrap().contents.values().flat_map(|content| &content.waiting).map(|event| event.message.len()).sum();
    assert!(waiting < 300_000, "{waiting}");
    *bed.taken.is_full.borrow_mut() = false;
    (0..20).for_each(|_| bed.look());
    assert_eq!(bed.texts().len(), 50 * 20_000);
}

#[test]
fn a_kill_repeats_lines_and_skips_none_over_copytruncate() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..50);
    bed.look();
    bed.append("app.log", 50..80);
    bed.look_without_delivery();
    std::fs::copy(bed.path("app.log"), bed.path("app.log.1")).unwrap();
    bed.truncate("app.log");
    bed.append("app.log", 80..100);
    bed.look_without_delivery();
    let undelivered = bed.taken.events.borrow_mut().split_off(50);
    assert_eq!(undelivered.len(), 50);
    bed.stop();
    bed.look();
    assert_eq!(bed.amiss(100), NOTHING);
}

#[test]
fn a_last_line_without_an_end_is_sent_after_a_minute() {
    let mut bed = Bed::new(&["*.log"]);
    bed.append_text("app.log", "line 0");
    bed.append_text("other.log", "line 1");
    bed.max_open = 1;
    bed.look();
    bed.pass(LAST_LINE_AFTER - Duration::from_secs(1));
    bed.look();
    assert_eq!(bed.texts(), Vec::<String>::new());
    bed.pass(Duration::from_secs(1));
    bed.look();
    bed.pass(LAST_LINE_AFTER);
    bed.look();
    assert_eq!(bed.amiss(2), NOTHING);
}

#[test]
fn a_hole_of_zeros_is_left_out() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..100);
    bed.look();
    let mut writer = std::fs::OpenOptions::new().write(true).open(bed.path("app.log")).unwrap();
    std::io::Seek::seek(&mut writer, std::io::SeekFrom::End(0)).unwrap();
    bed.truncate("app.log");
    writer.write_all(b"line 100\n").unwrap();
    bed.look();
    assert_eq!(bed.amiss(101), NOTHING);
}

#[test]
fn a_backlog_has_the_time_of_its_last_write_and_not_of_its_reading() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..3);
    let written = bed.now.millis - 3 * 3_600_000;
    let time = std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(written).unwrap());
    std::fs::OpenOptions::new().write(true).open(bed.path("app.log")).unwrap().set_modified(time).unwrap();
    bed.look();
    assert!(bed.taken.events.borrow().iter().all(|event| event.timestamp == written));
}

#[test]
fn a_position_is_kept_for_a_stream_of_another_name() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..5);
    bed.look();
    bed.stop();
    bed.sources = vec![Source::new(bed.sources[0].paths.clone(), "g", Some("another"))];
    bed.append("app.log", 5..7);
    bed.look();
    assert_eq!(bed.amiss(7), NOTHING);
}

#[test]
fn an_unreadable_file_is_tried_again_and_read_once_it_can_be() {
    let mut bed = Bed::new(&["*.log"]);
    bed.append("app.log", 0..3);
    // Root may read anything: a path that another file has taken at each opening fails for it too.
    let failing = bed.path("app.log");
    bed.look_without_delivery();
    let error: io::Error = io::ErrorKind::PermissionDenied.into();
    let id = FileId::of(&failing.metadata().unwrap());
    let (now, files) = (bed.now, bed.files.as_mut().unwrap());
    files.failed(&failing, id, &error, now);
    bed.append("app.log", 3..6);
    bed.look();
    assert_eq!(bed.texts().len(), 3, "not before its time");
    bed.pass(Duration::from_secs(5));
    bed.look();
    assert_eq!(bed.amiss(6), NOTHING);
}

#[test]
fn three_thousand_files_that_are_renamed_at_once_lose_nothing() {
    let mut bed = Bed::new(&["*.log"]);
    for file in 0..3_000 {
        std::fs::write(bed.path(&format!("app-{file}.log")), format!("line {file}\n")).unwrap();
    }
    bed.look();
    for file in 0..3_000 {
        bed.rename(&format!("app-{file}.log"), &format!("app-{file}.log.1"));
    }
    bed.look();
    assert_eq!(bed.amiss(3_000), NOTHING);
}

#[test]
fn a_file_that_two_paths_lead_to_is_read_once_and_its_position_is_written_once() {
    let mut bed = Bed::new(&["*.log"]);
    bed.append("app-1.log", 0..5);
    std::os::unix::fs::symlink("app-1.log", bed.path("current.log")).unwrap();
    std::fs::hard_link(bed.path("app-1.log"), bed.path("hard.log")).unwrap();
    bed.look();
    let before = std::fs::metadata(bed.path(".state/positions.journal")).unwrap().len();
    (0..5).for_each(|_| bed.look());
    assert_eq!((bed.amiss(5), std::fs::metadata(bed.path(".state/positions.journal")).unwrap().len()), (NOTHING, before));
}

/// logrotate with `copytruncate`: generations move up by one.
fn copytruncate(bed: &Bed) {
    for generation in (1..5).rev().filter(|generation| bed.path(&format!("app.log.{generation}")).exists()) {
        bed.rename(&format!("app.log.{generation}"), &format!("app.log.{}", generation + 1));
    }
    std::fs::copy(bed.path("app.log"), bed.path("app.log.1")).unwrap();
    bed.truncate("app.log");
}

#[test]
fn several_truncations_between_two_looks_or_two_processes_lose_nothing() {
    for (pattern, is_down) in [("app.log", false), ("app.log", true), ("app.log*", false), ("app.log*", true)] {
        let mut bed = Bed::new(&[pattern]);
        bed.append("app.log", 0..5);
        bed.look();
        if is_down {
            bed.stop();
        }
        for rotation in 1..4 {
            bed.append("app.log", rotation * 5..rotation * 5 + 5);
            copytruncate(&bed);
        }
        bed.append("app.log", 20..25);
        bed.look();
        bed.pass(LINGERING);
        bed.look();
        assert_eq!((bed.amiss(25), bed.unread()), (NOTHING, 0), "{pattern}, down: {is_down}");
        copytruncate(&bed);
        bed.append("app.log", 25..30);
        bed.look();
        assert_eq!((bed.amiss(30), bed.unread()), (NOTHING, 0), "{pattern}, down: {is_down}");
    }
}

#[test]
fn a_kill_before_any_delivery_skips_nothing_over_copytruncate() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..5);
    bed.look_without_delivery();
    bed.stop();
    bed.taken.events.borrow_mut().clear();
    bed.delivered = 0;
    copytruncate(&bed);
    bed.append("app.log", 5..10);
    bed.look();
    assert_eq!((bed.amiss(10), bed.unread()), (NOTHING, 0));
}

#[test]
fn rotation_is_followed_where_the_file_is_and_where_the_link_is() {
    for (is_down, is_copied) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut bed = Bed::new(&["containers/*.log"]);
        bed.append("pods/one/app.log", 0..5);
        std::fs::create_dir(bed.path("containers")).unwrap();
        std::os::unix::fs::symlink("../pods/one/app.log", bed.path("containers/pod-one.log")).unwrap();
        bed.look();
        if is_down {
            bed.stop();
        }
        for rotation in 1..3 {
            bed.append("pods/one/app.log", rotation * 5..rotation * 5 + 5);
            let generation = format!("pods/one/app.log.20261201-10000{rotation}");
            if is_copied {
                std::fs::copy(bed.path("pods/one/app.log"), bed.path(&generation)).unwrap();
                bed.truncate("pods/one/app.log");
            } else {
                bed.rename("pods/one/app.log", &generation);
            }
        }
        bed.append("pods/one/app.log", 15..20);
        bed.look();
        assert_eq!((bed.amiss(20), bed.unread()), (NOTHING, 0), "down: {is_down}, copied: {is_copied}");
    }
}

#[test]
fn the_log_of_a_second_instance_is_no_generation_of_the_first() {
    let mut bed = Bed::new(&["web.log"]);
    bed.append("web.log", 0..5);
    bed.look();
    bed.append_text("web-2.log", "of another service\n");
    bed.rename("web.log", "web.log.1");
    bed.append("web.log", 5..10);
    bed.look();
    assert_eq!(bed.amiss(10), NOTHING);
}

#[test]
fn a_short_file_that_begins_like_another_is_read_after_a_minute() {
    let mut bed = Bed::new(&["app.log*"]);
    bed.append_text("app.log", "started\nline 0\n");
    bed.look();
    bed.append_text("app.log.1", "started\n");
    bed.look();
    assert_eq!(bed.texts(), ["started", "line 0"], "it may be a copy");
    bed.pass(Duration::from_secs(61));
    bed.look();
    assert_eq!(bed.texts(), ["started", "line 0", "started"]);
}

#[test]
fn lines_written_to_a_renamed_file_after_a_pause_are_read() {
    let mut bed = Bed::new(&["app.log"]);
    bed.append("app.log", 0..5);
    bed.look();
    bed.rename("app.log", "app.log.1");
    bed.append("app.log", 5..10);
    bed.look();
    bed.pass(LINGERING);
    bed.look();
    assert_eq!(bed.files.as_ref().unwrap().contents.len(), 1, "it is closed");
    bed.append("app.log.1", 10..15);
    bed.pass(Duration::from_secs(10));
    bed.look();
    assert_eq!(bed.amiss(15), NOTHING, "the writer had not reopened its log");
    bed.pass(LINGERING);
    bed.look();
    bed.rename("app.log.1", "old/app.log.2");
    bed.stop();
    bed.look();
    bed.append("old/app.log.2", 15..20);
    bed.pass(Duration::from_secs(10));
    bed.look();
    assert_eq!(bed.amiss(20), NOTHING, "nor had it after a restart");
    std::fs::remove_file(bed.path("old/app.log.2")).unwrap();
    (0..3).for_each(|_| {
        bed.pass(LINGERING);
        bed.look();
    });
    let journal = &bed.files.as_ref().unwrap().books.journal;
    assert_eq!(journal.positions().count(), 1, "its position is forgotten with it");
}

#[test]
fn lines_without_an_end_are_bounded_within_one_look() {
    let mut bed = Bed::new(&["*.log"]);
    for file in 0..100 {
        std::fs::write(bed.path(&format!("{file}.log")), vec![b'x'; 600_000]).unwrap();
    }
    bed.look();
    let files = bed.files.as_ref().unwrap();
    let pending: u64 = files.contents.values().map(|content| content.tail.pending()).sum();
    assert!(files.contents.len() == 100 && pending <= 16 << 20, "{pending}");
    for file in 0..100 {
        bed.append_text(&format!("{file}.log"), "\n");
    }
    (0..20).for_each(|_| bed.look());
    assert_eq!(bed.texts().iter().map(String::len).sum::<usize>(), 100 * 600_000);
}

#[test]
fn positions_wait_for_a_folder_that_is_not_there_yet() {
    let mut bed = Bed::new(&["disk/app.log"]);
    bed.append("disk/app.log", 0..5);
    bed.look();
    bed.stop();
    bed.append("disk/app.log", 5..10);
    bed.rename("disk/app.log", "disk/app.log.1");
    bed.append("disk/app.log", 10..15);
    bed.rename("disk", "unmounted/disk");
    bed.look();
    bed.rename("unmounted/disk", "disk");
    bed.look();
    bed.pass(Duration::from_secs(10));
    bed.look();
    assert_eq!((bed.amiss(15), bed.unread()), (NOTHING, 0));
    bed.look();
    bed.stop();
    std::fs::remove_dir_all(bed.path("disk")).unwrap();
    bed.look();
    bed.pass(Duration::from_secs(3_601));
    bed.look();
    assert_eq!(bed.files.as_ref().unwrap().books.journal.positions().count(), 0, "after an hour they are forgotten");
}

#[test]
fn a_file_that_is_refused_is_closed_and_another_at_its_path_is_read_at_once() {
    let mut bed = Bed::new(&["*.log"]);
    std::fs::write(bed.path("app.log"), [0xff, 0xfe, b'a', 0, b'\n', 0]).unwrap();
    bed.look();
    let open = bed.files.as_ref().unwrap().contents.values().filter(|content| content.tail.is_open()).count();
    assert_eq!(open, 0);
    std::fs::remove_file(bed.path("app.log")).unwrap();
    bed.append_text("app.log", "readable\n");
    bed.look();
    assert_eq!(bed.texts(), ["readable"]);
    assert_eq!(bed.files.as_ref().unwrap().contents.len(), 1, "the refused one is forgotten");
    std::fs::remove_file(bed.path("app.log")).unwrap();
    bed.pass(Duration::from_secs(3_600));
    bed.look();
    bed.pass(Duration::from_secs(10));
    bed.look();
    assert!(bed.files.as_ref().unwrap().at_path.is_empty(), "paths are forgotten after an hour");
}

#[test]
fn a_file_of_another_source_behind_a_linked_folder_is_no_generation() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::os::unix::fs::symlink("data", folder.path().join("logs")).unwrap();
    let pattern = |name: &str| vec![folder.path().join("logs").join(name).display().to_string()];
    let sources = vec![Source::new(pattern("app.log"), "a", Some("s")), Source::new(pattern("app.log.[0-9]"), "b", Some("s"))];
    let mut bed = Bed::with_sources(folder, sources);
    bed.append("data/app.log", 0..3);
    bed.look();
    bed.rename("data/app.log", "data/app.log.5");
    bed.append_text("data/app.log.2", "of the other source\n");
    bed.append("data/app.log", 3..6);
    bed.look();
    let events = bed.taken.events.borrow();
    let of = |group: &str| events.iter().filter(|event| event.target.group == group).map(|event| event.message.clone()).collect::<Vec<_>>();
    assert_eq!(of("a"), ["line 0", "line 1", "line 2", "line 3", "line 4", "line 5"]);
    assert!(of("b").contains(&"of the other source".to_owned()));
}
