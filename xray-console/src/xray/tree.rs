//! [`TraceTree`]: the documents of one trace, joined.

use std::collections::HashMap;

use telemetry_wire::{Document, SegmentId};

/// A segment or subsegment in its trace. Positions are those in [`TraceTree::entities`].
#[derive(Debug)]
pub(crate) struct Entity {
    /// Without its subsegments, which are entities of their own.
    pub(crate) document: Document,
    pub(crate) parent: Option<usize>,
    pub(crate) children: Vec<usize>,
    pub(crate) is_segment: bool,
    /// The segment this belongs to; itself for segments.
    pub(crate) segment: usize,
    /// Of a segment: the subsegment that called it.
    pub(crate) caller: Option<usize>,
}

/// All entities of a trace.
#[derive(Debug, Default)]
pub(crate) struct TraceTree {
    pub(crate) entities: Vec<Entity>,
    /// The segment that answers a subsegment's call, by the subsegment.
    callees: HashMap<usize, usize>,
}

impl TraceTree {
    /// Joins documents: independent subsegments go below their parents, segments below their callers.
    pub(crate) fn join(documents: Vec<Document>) -> Self {
        let mut tree = Self::default();
        for document in documents {
            tree.add(document);
        }
        let places: HashMap<SegmentId, usize> =
            tree.entities.iter().enumerate().map(|(place, entity)| (entity.document.id, place)).collect();
        for place in 0..tree.entities.len() {
            tree.connect(place, &places);
        }
        tree.callees = tree.entities.iter().enumerate().filter_map(|(place, entity)| Some((entity.caller?, place))).collect();
        for place in 0..tree.entities.len() {
            let segment = tree.segment_of(place);
            if let Some(entity) = tree.entities.get_mut(place) {
                entity.segment = segment;
            }
        }
        tree
    }

    fn add(&mut self, document: Document) {
        let mut waiting = vec![(None, document)];
        while let Some((parent, mut document)) = waiting.pop() {
            let place = self.entities.len();
            let children = std::mem::take(&mut document.subsegments);
            let is_segment = parent.is_none() && !document.is_subsegment();
            if let Some(parent) = parent.and_then(|parent: usize| self.entities.get_mut(parent)) {
                parent.children.push(place);
            }
            self.entities.push(Entity { document, parent, children: Vec::new(), is_segment, segment: place, caller: None });
            waiting.extend(children.into_iter().rev().map(|child| (Some(place), child)));
        }
    }

    /// Finds the place of an entity that came on its own. An id that leads back to itself leads nowhere.
    fn connect(&mut self, place: usize, places: &HashMap<SegmentId, usize>) {
        let Some(entity) = self.entities.get(place).filter(|entity| entity.parent.is_none()) else { return };
        let Some(target) = entity.document.parent_id.and_then(|id| places.get(&id)).copied() else { return };
        if self.ancestors(target).any(|ancestor| ancestor == place) {
            return;
        }
        let is_segment = entity.is_segment;
        if let Some(entity) = self.entities.get_mut(place) {
            if is_segment {
                entity.caller = Some(target);
            } else {
                entity.parent = Some(target);
            }
        }
        if !is_segment && let Some(parent) = self.entities.get_mut(target) {
            parent.children.push(place);
        }
    }

    /// The entity, what it hangs below, and so on; callers count.
    pub(crate) fn ancestors(&self, place: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(place), |&place| self.entities.get(place).and_then(|entity| entity.parent.or(entity.caller)))
            .take(self.entities.len() + 1)
    }

    fn segment_of(&self, place: usize) -> usize {
        let nested = std::iter::successors(Some(place), |&place| self.entities.get(place).and_then(|entity| entity.parent));
        nested.take(self.entities.len() + 1).last().unwrap_or(place)
    }

    /// Segments, and subsegments whose parent has not arrived.
    pub(crate) fn tops(&self) -> impl Iterator<Item = usize> {
        (0..self.entities.len()).filter(|&place| self.entities.get(place).is_some_and(|entity| entity.parent.is_none()))
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Entity> {
        self.entities.get(place)
    }

    /// The segment that nobody called; if all were called, the first whose caller is not here.
    pub(crate) fn root(&self) -> Option<usize> {
        let segments = || self.tops().filter(|&place| self.get(place).is_some_and(|entity| entity.is_segment));
        let earliest = |places: Vec<usize>| {
            let start = |place: &usize| self.get(*place).map_or(f64::MAX, |entity| entity.document.start_time);
            places.into_iter().min_by(|a, b| start(a).total_cmp(&start(b)))
        };
        let uncalled = segments().filter(|&place| self.get(place).is_some_and(|entity| entity.document.parent_id.is_none())).collect();
        earliest(uncalled)
            .or_else(|| earliest(segments().filter(|&place| self.get(place).is_some_and(|entity| entity.caller.is_none())).collect()))
    }

    /// The segment that answers this subsegment's call, if it reports.
    pub(crate) fn callee(&self, subsegment: usize) -> Option<usize> {
        self.callees.get(&subsegment).copied()
    }
}
