//! Cuts bytes into lines that fit an event.

use crate::batch::MESSAGE_BYTES;

/// A line, or a part of one, and where it stood, its end included.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// Bytes that are not text as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    /// Bytes that are no UTF-8: they became U+FFFD.
    pub(crate) invalid: u64,
    /// Zero bytes at the beginning of lines: the hole in a truncated file whose writer keeps its old offset.
    pub(crate) zeros: u64,
}

/// Lines so far, and the bytes of one that has no end yet.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    partial: Vec<u8>,
}

/// Lines, and what was odd about their bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) lines: Vec<Line>,
    pub(crate) oddities: Oddities,
}

impl Splitter {
    /// Bytes of the line that has no end yet.
    pub(crate) fn pending(&self) -> u64 {
        self.partial.len() as u64
    }

    pub(crate) fn clear(&mut self) {
        self.partial = Vec::new();
    }

    /// Takes the bytes that stand at `at` in the file.
    pub(crate) fn take(&mut self, bytes: &[u8], mut at: u64, into: &mut Lines) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend_from_slice(piece);
            at += piece.len() as u64;
            if piece.ends_with(b"\n") {
                self.end(at, into);
            } else if self.partial.len() >= MESSAGE_BYTES {
                self.end_but_for_a_begun_character(at, into);
            }
        }
    }

    /// Ends the line that has no end yet, at `at`.
    pub(crate) fn end(&mut self, at: u64, into: &mut Lines) {
        let bytes = std::mem::take(&mut self.partial);
        if !bytes.is_empty() {
            push(&bytes, at - bytes.len() as u64, into);
        }
    }

    fn end_but_for_a_begun_character(&mut self, at: u64, into: &mut Lines) {
        let begun = self.partial.split_off(self.partial.len() - begun_character(&self.partial));
        self.end(at - begun.len() as u64, into);
        self.partial = begun;
    }
}

/// A line that is too long for one event becomes several, none of them cut inside a character. What counts is the size of the text
/// that is sent: a byte that is no UTF-8 is three bytes there.
fn push(bytes: &[u8], from: u64, into: &mut Lines) {
    let to = from + bytes.len() as u64;
    let bytes = bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line));
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    into.oddities.zeros += zeros as u64;
    let (mut text, mut begin, mut at) = (String::new(), from, from + zeros as u64);
    let mut add = |piece: &str, length: usize| {
        if text.len() + piece.len() > MESSAGE_BYTES {
            into.lines.push(Line { text: std::mem::take(&mut text), from: begin, to: at });
            begin = at;
        }
        text.push_str(piece);
        at += length as u64;
    };
    for chunk in bytes.get(zeros..).unwrap_or_default().utf8_chunks() {
        let mut valid = chunk.valid();
        while !valid.is_empty() {
            let (piece, rest) = valid.split_at(valid.floor_char_boundary(MESSAGE_BYTES));
            add(piece, piece.len());
            valid = rest;
        }
        if !chunk.invalid().is_empty() {
            into.oddities.invalid += chunk.invalid().len() as u64;
            add("\u{fffd}", chunk.invalid().len());
        }
    }
    into.lines.push(Line { text, from: begin, to });
}

/// Bytes at the end that are the beginning of a character.
fn begun_character(bytes: &[u8]) -> usize {
    let needs = |byte: u8| match byte {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let is_continuation = |byte: &u8| byte & 0xc0 == 0x80;
    let last = bytes.iter().rev().take(3).position(|byte| !is_continuation(byte));
    last.filter(|at| needs(bytes[bytes.len() - 1 - at]) > at + 1).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(bytes: &[u8], chunk: usize) -> Lines {
        let (mut splitter, mut lines, mut at) = (Splitter::default(), Lines::default(), 0);
        for part in bytes.chunks(chunk) {
            splitter.take(part, at, &mut lines);
            at += part.len() as u64;
        }
        splitter.end(at, &mut lines);
        lines
    }

    fn texts(lines: &Lines) -> Vec<&str> {
        lines.lines.iter().map(|line| &*line.text).collect()
    }

    #[test]
    fn lines_end_with_a_line_feed_with_or_without_a_carriage_return() {
        let lines = split(b"one\r\n\ntwo\r", 3);
        assert_eq!(texts(&lines), ["one", "", "two\r"]);
        assert_eq!(lines.lines[0], Line { text: "one".into(), from: 0, to: 5 });
    }

    #[test]
    fn two_megabytes_of_line_become_events_that_fit_and_lose_nothing() {
        let line = "é".repeat(1 << 20) + "\nnext\n";
        let lines = split(line.as_bytes(), 256 * 1024);
        assert!(lines.lines.iter().all(|line| line.text.len() <= MESSAGE_BYTES));
        assert_eq!(texts(&lines).concat(), line.replace('\n', ""));
        assert_eq!(lines.oddities, Oddities::default());
    }

    #[test]
    fn bytes_that_are_no_utf8_count_with_the_three_bytes_that_are_sent_for_them() {
        let lines = split(&[vec![0xe9; 500_000], b"\n".to_vec()].concat(), 256 * 1024);
        assert!(lines.lines.iter().all(|line| line.text.len() <= MESSAGE_BYTES));
        assert_eq!(texts(&lines).concat(), "\u{fffd}".repeat(500_000));
        assert_eq!(lines.oddities.invalid, 500_000);
        assert!(lines.lines.windows(2).all(|pair| pair[0].to == pair[1].from));
    }

    #[test]
    fn a_hole_of_zeros_is_no_text_however_large() {
        let lines = split(&[vec![0; 3 << 20], b"na line\nx\0y\n".to_vec()].concat(), 256 * 1024);
        let texts: Vec<&str> = texts(&lines).into_iter().filter(|text| !text.is_empty()).collect();
        assert_eq!((texts, lines.oddities.zeros), (vec!["na line", "x\0y"], 3 << 20));
    }

    proptest! {
        #[test]
        fn every_byte_is_in_one_line_and_chunks_change_nothing(
            bytes in prop::collection::vec(prop::sample::select(vec![b'a', b'\n', b'\r', 0, 0xc3, 0xa9, 0xff, 0xf0, 0x9f]), 0..200),
            chunk in 1_usize..50,
        ) {
            let lines = split(&bytes, chunk);
            prop_assert_eq!(&lines, &split(&bytes, 1_000));
            let mut at = 0;
            for line in &lines.lines {
                prop_assert_eq!(line.from, at);
                at = line.to;
            }
            prop_assert_eq!(at, bytes.len() as u64);
        }
    }
}
