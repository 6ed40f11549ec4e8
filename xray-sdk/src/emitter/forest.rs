//! [`Forest`]: the tree of a fragment's records, in reused vectors, without hashing.
//!
//! A parent's number is smaller than its children's, so one pass from the back links everything.

use crate::entity::Finished;

pub(super) const NO_NODE: u32 = u32::MAX;

/// Nodes are positions in `records`; children are in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Forest {
    order: Vec<u32>,
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    /// Children of the root, then records whose parent is not here.
    pub(super) of_root: u32,
    pub(super) orphans: u32,
}

impl Forest {
    /// Links `records`. Without a root, all whose parent is not among them are orphans.
    pub(super) fn build(&mut self, records: &[Finished], has_root: bool) {
        self.order.clear();
        self.order.extend(0..records.len() as u32);
        if !records.is_sorted_by_key(|record| record.number) {
            self.order.sort_unstable_by_key(|&node| records[node as usize].number);
        }
        for links in [&mut self.first_child, &mut self.next_sibling] {
            links.clear();
            links.resize(records.len(), NO_NODE);
        }
        (self.of_root, self.orphans) = (NO_NODE, NO_NODE);
        for position in (0..self.order.len()).rev() {
            let node = self.order[position];
            let parent = records[node as usize].parent;
            let list = match self.node_of(records, parent) {
                Some(parent) => &mut self.first_child[parent as usize],
                None if parent == 0 && has_root => &mut self.of_root,
                None => &mut self.orphans,
            };
            self.next_sibling[node as usize] = std::mem::replace(list, node);
        }
    }

    pub(super) fn first_child(&self, node: u32) -> u32 {
        self.first_child[node as usize]
    }

    pub(super) fn next_sibling(&self, node: u32) -> u32 {
        self.next_sibling[node as usize]
    }

    /// The nodes of a list that begins with `first`.
    pub(super) fn list(&self, first: u32) -> impl Iterator<Item = u32> {
        std::iter::successors((first != NO_NODE).then_some(first), |&node| Some(self.next_sibling(node)).filter(|&next| next != NO_NODE))
    }

    /// All nodes, children before parents.
    pub(super) fn leaves_first(&self) -> impl Iterator<Item = u32> {
        self.order.iter().rev().copied()
    }

    /// All nodes, parents before children.
    pub(super) fn roots_first(&self) -> impl Iterator<Item = u32> {
        self.order.iter().copied()
    }

    /// Numbers are given in sequence, so the record of a number is usually at the same distance from the first.
    pub(super) fn node_of(&self, records: &[Finished], number: u32) -> Option<u32> {
        let first = records[*self.order.first()? as usize].number;
        let guess = number.checked_sub(first)? as usize;
        let is_hit = self.order.get(guess).is_some_and(|&node| records[node as usize].number == number);
        let position = if is_hit { Ok(guess) } else { self.order.binary_search_by_key(&number, |&node| records[node as usize].number) };
        position.ok().map(|position| self.order[position])
    }
}
