//! The two byte-level tools of every encoder here: hexadecimal and JSON strings.

const HEX_PAIRS: [[u8; 2]; 256] = hex_pairs();

const fn hex_pairs() -> [[u8; 2]; 256] {
    let digits = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
}

/// Writes `value` as 16 lower-case hexadecimal digits.
pub(crate) fn hex_of_u64(value: u64) -> [u8; 16] {
    let mut text = [0; 16];
    for (pair, byte) in text.chunks_exact_mut(2).zip(value.to_be_bytes()) {
        pair.copy_from_slice(&HEX_PAIRS[usize::from(byte)]);
    }
    text
}

const NO_DIGIT: u8 = 0xff;
const HEX_VALUES: [u8; 256] = hex_values();

const fn hex_values() -> [u8; 256] {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = HEX_PAIRS[value as usize][1];
        table[digit as usize] = value;
        table[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    table
}

/// Reads at most 16 hexadecimal digits of either case; `None` when there is any other byte. All digits are looked at before any is
/// judged: the branch per digit was half of the time that reading a trace header took.
pub(crate) fn hex_to_u64(digits: &[u8]) -> Option<u64> {
    let (value, invalid) = digits.iter().fold((0_u64, 0_u8), |(value, invalid), &digit| {
        let nibble = HEX_VALUES[usize::from(digit)];
        (value << 4 | u64::from(nibble & 15), invalid | nibble)
    });
    (invalid < 16).then_some(value)
}

/// Appends `text` as a JSON string, quotes included.
///
/// The scan folds over all bytes without an early exit, which the compiler turns into vector code: 14 ns for 250 clean
/// bytes where the early exit took 100.
pub fn write_json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if needs_escape(text.as_bytes()) {
        write_escaped(out, text.as_bytes());
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

fn needs_escape(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |hit, &byte| hit | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

/// Eight bytes at a time: half the time of a byte at a time in a document, where every eighth byte is a quote.
fn write_escaped(out: &mut Vec<u8>, mut bytes: &[u8]) {
    while let Some((word, rest)) = bytes.split_first_chunk::<8>() {
        out.extend_from_slice(word);
        let marked = escaped_bytes(u64::from_le_bytes(*word));
        if marked == 0 {
            bytes = rest;
            continue;
        }
        let clean = marked.trailing_zeros() as usize / 8;
        out.truncate(out.len() - (8 - clean));
        write_escape(out, word[clean]);
        bytes = &bytes[clean + 1..];
    }
    for &byte in bytes {
        write_escape(out, byte);
    }
}

/// Marks the highest bit of bytes that JSON escapes. Only the first mark is to be trusted: borrows run upwards.
const fn escaped_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    const fn below(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(ONES * limit) & !word
    }
    let quotes = below(word ^ (ONES * b'"' as u64), 1);
    let backslashes = below(word ^ (ONES * b'\\' as u64), 1);
    (quotes | backslashes | below(word, 0x20)) & HIGHS
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x00..=0x1f => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&HEX_PAIRS[usize::from(byte)]);
        }
        _ => out.push(byte),
    }
}

/// Appends a whole number.
pub(crate) fn write_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a finite number; NaN and infinities, which JSON cannot say, become `null`.
pub(crate) fn write_float(out: &mut Vec<u8>, value: f64) {
    match serde_json::Number::from_f64(value) {
        Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_string_reads_back(text in ".*") {
            let mut out = Vec::new();
            write_json_string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn no_other_byte_is_a_digit(byte: u8) {
            prop_assert_eq!(hex_to_u64(&[b'1', byte]).is_some(), byte.is_ascii_hexdigit());
        }

        #[test]
        fn hex_reads_back(value: u64) {
            let digits = hex_of_u64(value);
            prop_assert_eq!(hex_to_u64(&digits), Some(value));
            prop_assert_eq!(hex_to_u64(&digits.to_ascii_uppercase()), Some(value));
        }
    }
}
