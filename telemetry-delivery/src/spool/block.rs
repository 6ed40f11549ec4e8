//! [`Block`]: items on their way to disk and back. Pure.

/// Bytes of a block's header.
pub(crate) const HEADER: usize = 24;
const MAGIC: [u8; 4] = *b"BLCK";
/// Bytes before an item: its length and when it entered.
const PREFIX: usize = 12;
/// No block is larger, as an item is not; a length beyond it is a mistake, and memory is not asked for it.
const LARGEST: u32 = 64 << 20;

/// Items that are written together.
#[derive(Debug, Default)]
pub(crate) struct Block {
    raw: Vec<u8>,
    items: u32,
    /// Somebody waits until it is on disk, whatever may happen to the machine.
    pub(crate) is_awaited: bool,
}

/// What a block's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockHeader {
    pub(crate) stored: u32,
    raw: u32,
    pub(crate) items: u32,
    checksum: u32,
}

/// An item as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// Milliseconds since 1970.
    pub(crate) entered: u64,
    pub(crate) bytes: &'a [u8],
}

impl Block {
    /// Adds an item, which `write` appends to the bytes.
    pub(crate) fn push(&mut self, entered: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.raw.len();
        self.raw.extend_from_slice(&[0; 4]);
        self.raw.extend_from_slice(&entered.to_le_bytes());
        write(&mut self.raw);
        let length = (self.raw.len() - begin - PREFIX) as u32;
        self.raw[begin..begin + 4].copy_from_slice(&length.to_le_bytes());
        self.items += 1;
    }

    pub(crate) const fn items(&self) -> u32 {
        self.items
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.raw.len()
    }

    /// Header and stored bytes; the block is empty again.
    pub(crate) fn encode(&mut self) -> Vec<u8> {
        let mut encoded = vec![0; HEADER];
        encoded.extend_from_slice(&lz4_flex::compress(&self.raw));
        let header = BlockHeader {
            stored: (encoded.len() - HEADER) as u32,
            raw: self.raw.len() as u32,
            items: self.items,
            checksum: crc32fast::hash(&encoded[HEADER..]),
        };
        encoded[..HEADER].copy_from_slice(&header.encode());
        self.raw.clear();
        (self.items, self.is_awaited) = (0, false);
        encoded
    }
}

impl BlockHeader {
    fn encode(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        for (at, word) in [self.stored, self.raw, self.items, self.checksum].into_iter().enumerate() {
            bytes[4 + at * 4..8 + at * 4].copy_from_slice(&word.to_le_bytes());
        }
        let checksum = crc32fast::hash(&bytes[..HEADER - 4]);
        bytes[HEADER - 4..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header; `None` if these bytes are none.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEADER)?;
        let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        if bytes[..4] != MAGIC || word(HEADER - 4)? != crc32fast::hash(&bytes[..HEADER - 4]) {
            return None;
        }
        let header = Self { stored: word(4)?, raw: word(8)?, items: word(12)?, checksum: word(16)? };
        (header.raw <= LARGEST).then_some(header)
    }

    /// The items' bytes; `None` if they are not those that were written.
    pub(crate) fn open(&self, stored: &[u8]) -> Option<Vec<u8>> {
        let is_whole = stored.len() == self.stored as usize && crc32fast::hash(stored) == self.checksum;
        is_whole.then(|| lz4_flex::decompress(stored, self.raw as usize).ok()).flatten()
    }
}

/// Where the next header may begin in `bytes`, from `from` on.
pub(crate) fn next_magic(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(MAGIC.len()).position(|window| *window == MAGIC).map(|at| from + at)
}

/// The items in the bytes that [`BlockHeader::open`] gave.
pub(crate) fn records(mut raw: &[u8]) -> impl Iterator<Item = Record<'_>> {
    std::iter::from_fn(move || {
        let length = u32::from_le_bytes(raw.get(..4)?.try_into().ok()?) as usize;
        let entered = u64::from_le_bytes(raw.get(4..PREFIX)?.try_into().ok()?);
        let bytes = raw.get(PREFIX..PREFIX + length)?;
        raw = &raw[PREFIX + length..];
        Some(Record { entered, bytes })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(items: &[Vec<u8>]) -> Vec<u8> {
        let mut block = Block::default();
        items.iter().zip(7..).for_each(|(item, entered)| block.push(entered, |bytes| bytes.extend_from_slice(item)));
        block.encode()
    }

    fn decoded(bytes: &[u8]) -> Option<Vec<(u64, Vec<u8>)>> {
        let header = BlockHeader::decode(bytes)?;
        let raw = header.open(bytes.get(HEADER..HEADER + header.stored as usize)?)?;
        let items: Vec<_> = records(&raw).map(|record| (record.entered, record.bytes.to_vec())).collect();
        (items.len() == header.items as usize).then_some(items)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let expected: Vec<_> = items.iter().cloned().zip(7..).map(|(item, entered)| (entered, item)).collect();
            prop_assert_eq!(decoded(&encoded(&items)), Some(expected));
        }

        #[test]
        fn a_flipped_bit_shows(items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..8), at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut bytes = encoded(&items);
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert_eq!(decoded(&bytes), None);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            decoded(&bytes);
            records(&bytes).for_each(drop);
            next_magic(&bytes, 3);
        }
    }

    #[test]
    fn a_block_grows_by_its_records() {
        let mut block = Block::default();
        assert_eq!(block.bytes(), 0);
        block.push(1, |bytes| bytes.extend_from_slice(&[1; 100]));
        let one = block.bytes();
        block.push(1, |bytes| bytes.extend_from_slice(&[2; 100]));
        assert!((100..120).contains(&one) && block.bytes() == 2 * one, "{one}");
    }
}
