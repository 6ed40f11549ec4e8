//! Which spans of a process head documents, and which nest below them.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::codes::{PARENT_IS_REMOTE, SERVER};
use super::message::Span;
use crate::document::limits;

/// Spans by place.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) heads: Vec<usize>,
    pub(super) children: Vec<Vec<usize>>,
}

/// A span without a parent here: no root is lost, whatever its kind.
pub(super) fn opens_segment(span: &Span) -> bool {
    !has_parent(span) || span.flags & PARENT_IS_REMOTE != 0 || span.kind == SERVER
}

/// Zeros are none.
pub(super) fn has_parent(span: &Span) -> bool {
    span.parent_span_id.iter().any(|&byte| byte != 0)
}

impl Plan {
    pub(super) fn of(spans: &[&Span]) -> Self {
        let mut parents = parents(spans);
        cut_circles(&mut parents);
        let (mut heads, mut children) = (Vec::new(), vec![Vec::new(); spans.len()]);
        for (place, parent) in parents.into_iter().enumerate() {
            match parent {
                Some(parent) => children[parent].push(place),
                None => heads.push(place),
            }
        }
        for list in &mut children {
            list.sort_by_key(|&place| spans[place].start_time_unix_nano);
        }
        Self { heads, children }
    }

    /// All, parents first.
    fn order(&self) -> Vec<usize> {
        let mut order = self.heads.clone();
        let mut next = 0;
        while let Some(&place) = order.get(next) {
            order.extend(&self.children[place]);
            next += 1;
        }
        order
    }

    /// Takes subtrees out until no document has more than `limit` bytes or is too deep, the largest first. What is too large alone stays
    /// alone. `bytes` is what each span needs inside a document.
    pub(super) fn fit(&mut self, bytes: &[usize], limit: usize) {
        let (mut whole, mut height) = (bytes.to_vec(), vec![1; bytes.len()]);
        let mut is_apart = vec![false; bytes.len()];
        for place in self.order().into_iter().rev() {
            let mut below = std::mem::take(&mut self.children[place]);
            whole[place] += below.iter().map(|&child| whole[child]).sum::<usize>();
            let mut by_size = below.clone();
            by_size.sort_by_key(|&child| Reverse((height[child] >= limits::DEPTH, whole[child])));
            for child in by_size {
                if height[child] < limits::DEPTH && whole[place] <= limit {
                    break;
                }
                whole[place] -= whole[child];
                is_apart[child] = true;
            }
            below.retain(|&child| !is_apart[child]);
            height[place] = 1 + below.iter().map(|&child| height[child]).max().unwrap_or(0);
            self.children[place] = below;
        }
        self.heads.extend((0..is_apart.len()).filter(|&place| is_apart[place]));
    }
}

/// The place of each span's parent, if both belong into one document.
fn parents(spans: &[&Span]) -> Vec<Option<usize>> {
    let places: HashMap<_, usize> = spans.iter().enumerate().map(|(place, span)| ((&span.trace_id, &span.span_id), place)).collect();
    let parent = |(place, span): (usize, &&Span)| {
        let parent = places.get(&(&span.trace_id, &span.parent_span_id)).copied();
        parent.filter(|&parent| parent != place && !opens_segment(span))
    };
    spans.iter().enumerate().map(parent).collect()
}

/// Of spans whose parents are each other's, one loses its parent and heads a document.
fn cut_circles(parents: &mut [Option<usize>]) {
    const NEVER: usize = usize::MAX;
    let mut seen_from = vec![NEVER; parents.len()];
    for start in 0..parents.len() {
        let mut place = start;
        while seen_from[place] == NEVER {
            seen_from[place] = start;
            let Some(parent) = parents[place] else { break };
            if seen_from[parent] == start {
                parents[place] = None;
                break;
            }
            place = parent;
        }
    }
}
