//! Which subtrees leave as documents of their own, so that every datagram stays within the limit.
//!
//! From the leaves up: a node whose own bytes and those of its children exceed the limit sends its largest children away
//! until the rest fits. Subtrees below [`limits::DEPTH`] leave too, since JSON readers stop at 128 levels.

use telemetry_wire::limits;

use super::forest::Forest;
/// What a nested document costs beyond its own bytes: the comma.
const COMMA: usize = 1;
/// What a list of children costs: its key and brackets.
const LIST: usize = r#","subsegments":[]"#.len();
/// What an independent document costs: header line, `type`, `trace_id`, `parent_id`.
pub(super) const INDEPENDENCE: usize = 160;

/// The choice for one fragment, in reused vectors.
#[derive(Debug, Default)]
pub(super) struct Fit {
    /// Bytes of the node with the children that stay with it.
    bytes: Vec<usize>,
    leaves_parent: Vec<bool>,
    depth: Vec<u32>,
}

impl Fit {
    /// `own_bytes` has the encoded size of each record without children; `root_bytes` that of the root.
    pub(super) fn choose(&mut self, forest: &Forest, own_bytes: &[usize], root_bytes: usize, limit: usize) {
        self.bytes.clear();
        self.bytes.extend_from_slice(own_bytes);
        self.send_deep_ones_away(own_bytes.len(), forest);
        for node in forest.leaves_first() {
            let own = own_bytes[node as usize];
            self.bytes[node as usize] = self.keep_what_fits(forest, forest.first_child(node), own, limit);
        }
        self.keep_what_fits(forest, forest.of_root, root_bytes, limit);
    }

    pub(super) fn leaves_parent(&self, node: u32) -> bool {
        self.leaves_parent[node as usize]
    }

    /// Bytes of the document that this node would head.
    pub(super) fn bytes(&self, node: u32) -> usize {
        self.bytes[node as usize]
    }

    /// Whether any node is below [`limits::DEPTH`].
    pub(super) fn is_too_deep(&mut self, nodes: usize, forest: &Forest) -> bool {
        if nodes < limits::DEPTH {
            return false;
        }
        self.send_deep_ones_away(nodes, forest);
        self.leaves_parent.contains(&true)
    }

    fn send_deep_ones_away(&mut self, nodes: usize, forest: &Forest) {
        self.leaves_parent.clear();
        self.leaves_parent.resize(nodes, false);
        self.depth.clear();
        self.depth.resize(nodes, 0);
        for node in forest.roots_first() {
            let depth = self.depth[node as usize] + 1;
            for child in forest.list(forest.first_child(node)) {
                let too_deep = depth as usize >= limits::DEPTH;
                self.leaves_parent[child as usize] = too_deep;
                self.depth[child as usize] = if too_deep { 0 } else { depth };
            }
        }
    }

    /// Returns the bytes of a parent with the children that stay.
    fn keep_what_fits(&mut self, forest: &Forest, first_child: u32, own: usize, limit: usize) -> usize {
        let staying = |child: &u32| !self.leaves_parent(*child);
        let mut total = own + LIST + forest.list(first_child).filter(staying).map(|child| self.bytes(child) + COMMA).sum::<usize>();
        if total + INDEPENDENCE <= limit {
            return total;
        }
        let mut by_size: Vec<u32> = forest.list(first_child).filter(staying).collect();
        by_size.sort_unstable_by_key(|&child| std::cmp::Reverse(self.bytes(child)));
        for child in by_size {
            if total + INDEPENDENCE <= limit {
                break;
            }
            total -= self.bytes(child) + COMMA;
            self.leaves_parent[child as usize] = true;
        }
        total
    }
}
