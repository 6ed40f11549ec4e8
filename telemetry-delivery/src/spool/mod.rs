//! Items on disk: what memory has no room for, what must survive the process.
//!
//! # What it is for
//!
//! An outage of the destination that is longer than memory is large, a shutdown that cannot wait, a process that is killed. Items are
//! written once, read once, in order, and deleted in bulk; nothing is ever looked up. So it is a log, not a database.
//!
//! # Layout
//!
//! A folder of mode 0700 with files of mode 0600:
//!
//! ```text
//! lock                 locked while a process has the folder; holds "running" until that process ends in order
//! cursor               where the first block is that has not come to its end: file number, offset, checksum
//! 00000000000000000001.spool
//! 00000000000000000002.spool
//! ```
//!
//! A file is a header (`TELSPOOL`, the version, zero) and blocks, appended until it has 16 MB. A block is
//!
//! ```text
//! "BLCK" | stored bytes | bytes | items | crc32 of the stored bytes | crc32 of this header      six words of 4 bytes, little-endian
//! the stored bytes: LZ4 of   (length of an item | milliseconds since 1970 when it entered | the item)...
//! ```
//!
//! A block holds what arrived within 100 ms, at most 64 kB and one item more: that much, and no more, goes with a damaged byte.
//!
//! # What is promised
//!
//! * An item whose block is written survives the death of the process. With [`SpoolMode::Always`] it survives that of the machine too:
//!   each block is synchronised; with [`SpoolMode::Overflow`] files are at the end, and until then when the system writes them.
//! * A block whose items have come to their end is not read again, but for those that were loaded when the process died: the cursor
//!   stands before them. These are sent twice, which is why there are few: they fit into memory.
//! * Opening reads the headers only. Bytes that make no block are skipped up to the next that do, and told; a block whose checksum is
//!   wrong is told when it is read, and its items are counted as lost.
//! * A file of a version that is not known is not touched: opening fails. So it does while another process has the folder.
//! * Above its quota, or its share of what is free on the disk, the oldest file goes, and its items are counted as lost.
//! * An error while writing is repaired by cutting the file where it was good; if that fails too, by going on in another file.
//!
//! Next: the [`keeper`](crate::keeper) moves items between the queue and this.

mod settings;

mod block;

mod disk;

mod cursor;

mod file;

mod folder;

mod log;

pub use folder::{SpoolError, lock_folder};
pub use log::Place;
pub use settings::{SpoolMode, SpoolSettings};

pub(crate) use block::{Block, records};
pub(crate) use disk::{Disk, RealDisk};
pub(crate) use log::{Found, Limits, Log, Taken};
