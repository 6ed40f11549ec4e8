//! Numbered documents.

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Instant;

/// The number is the id; it and the moment are at the same places in every document of a size.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    template: Vec<u8>,
    id: usize,
    trace: usize,
    sent: usize,
    /// Where the filler begins, if it is to be noise.
    noise: Option<usize>,
}

/// Documents of one trace.
const PER_TRACE: u64 = 4;
/// In front of the number and of the moment of sending.
const ID: &str = "\"id\":\"";
const TRACE: &str = "\"trace_id\":\"1-5759e988-";
const SENT: &str = "\"sent\":\"";
const FILLER: &str = "\"filler\":\"";
/// Behind the filler.
const END: &str = "\"}}}";
/// Digits of these.
const ID_DIGITS: usize = 16;
const TRACE_DIGITS: usize = 24;
const SENT_DIGITS: usize = 12;

/// Microseconds since this program first asked; no clock that jumps.
pub(crate) fn micros() -> u64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed().as_micros() as u64
}

impl Documents {
    /// Datagrams of this many bytes, the header line included; at least 300.
    pub(crate) fn of_size(bytes: usize) -> Self {
        let build = |filler: usize| {
            format!(
                "{{\"format\":\"json\",\"version\":1}}\n{{\"name\":\"orders\",{ID}{0:016x}\",{TRACE}{0:024x}\",\"start_time\":1700000000.123456,\
                 \"end_time\":1700000000.223456,\"http\":{{\"response\":{{\"status\":200}}}},\"annotations\":{{{SENT}{0:012}\"}},\
                 \"metadata\":{{\"default\":{{{FILLER}{1}\"}}}}}}",
                0,
                "x".repeat(filler)
            )
        };
        let text = build(bytes.saturating_sub(build(0).len()));
        let after = |mark: &str| text.find(mark).map_or(0, |at| at + mark.len());
        Self { id: after(ID), trace: after(TRACE), sent: after(SENT), noise: None, template: text.into_bytes() }
    }

    /// The same, with a filler that cannot be compressed.
    pub(crate) fn noisy(bytes: usize) -> Self {
        let documents = Self::of_size(bytes);
        let noise = documents.template.windows(FILLER.len()).position(|window| window == FILLER.as_bytes());
        Self { noise: noise.map(|at| at + FILLER.len()), ..documents }
    }

    /// Writes the datagram of a number, sent now; the buffer is written whole when it is empty, else only what differs.
    pub(crate) fn write(&self, number: u64, buffer: &mut Vec<u8>) {
        if buffer.len() != self.template.len() {
            buffer.clone_from(&self.template);
        }
        if let Some(begin) = self.noise {
            let end = self.template.len() - END.len();
            buffer[begin..end].fill_with(|| fastrand::alphanumeric() as u8);
        }
        let mut put = |at: usize, digits: usize, text: std::fmt::Arguments<'_>| {
            let mut place = &mut buffer[at..at + digits];
            // There is room for as many digits as the format gives.
            let _always_fits = place.write_fmt(text);
        };
        put(self.id, ID_DIGITS, format_args!("{number:016x}"));
        put(self.trace, TRACE_DIGITS, format_args!("{:024x}", number / PER_TRACE));
        put(self.sent, SENT_DIGITS, format_args!("{:012}", micros()));
    }

    /// The document of a number, sent now, without the header line.
    pub(crate) fn document(&self, number: u64) -> String {
        let mut datagram = Vec::new();
        self.write(number, &mut datagram);
        let text = String::from_utf8_lossy(&datagram);
        text.split_once('\n').map_or_else(String::new, |(_, document)| document.to_owned())
    }
}

/// The number of a document and when it was sent; none if it is none of ours.
pub(crate) fn read(document: &str) -> Option<(u64, u64)> {
    let after = |mark: &str, digits: usize| {
        let at = document.find(mark)? + mark.len();
        document.get(at..at + digits)
    };
    let number = u64::from_str_radix(after(ID, ID_DIGITS)?, 16).ok()?;
    Some((number, after(SENT, SENT_DIGITS)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_in_every_size() {
        for (size, documents) in
            [300, 1_000, 8_000, 60_000].into_iter().flat_map(|size| [(size, Documents::of_size(size)), (size, Documents::noisy(size))])
        {
            let mut datagram = Vec::new();
            documents.write(7, &mut datagram);
            documents.write(4_711, &mut datagram);
            assert_eq!(datagram.len(), size);
            let document = documents.document(4_711);
            assert_eq!(read(&document).map(|(number, _)| number), Some(4_711));
            assert!(serde_json::from_str::<serde_json::Value>(&document).is_ok(), "{document}");
        }
        assert_eq!(read("{\"name\":\"a\",\"id\":\"7\"}"), None);
    }
}
