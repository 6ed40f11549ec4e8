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

/// What each entity hangs below; a top hangs below itself. A disjoint-set forest: ways are halved as they are walked, so that a long chain
/// costs no more than a short one.
struct Tops(Vec<usize>);

impl Tops {
    fn of(&mut self, mut place: usize) -> usize {
        while self.0[place] != place {
            self.0[place] = self.0[self.0[place]];
            place = self.0[place];
        }
        place
    }
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
        let mut places: HashMap<SegmentId, usize> = HashMap::with_capacity(tree.entities.len());
        // Of those that share an id the first counts.
        for (place, entity) in tree.entities.iter().enumerate() {
            places.entry(entity.document.id).or_insert(place);
        }
        let mut tops = Tops(tree.entities.iter().enumerate().map(|(place, entity)| entity.parent.unwrap_or(place)).collect());
        for place in 0..tree.entities.len() {
            tree.connect(place, &places, &mut tops);
        }
        tree.callees = tree.entities.iter().enumerate().filter_map(|(place, entity)| Some((entity.caller?, place))).collect();
        let mut segments = Tops(tree.entities.iter().enumerate().map(|(place, entity)| entity.parent.unwrap_or(place)).collect());
        for (place, entity) in tree.entities.iter_mut().enumerate() {
            entity.segment = segments.of(place);
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
    fn connect(&mut self, place: usize, places: &HashMap<SegmentId, usize>, tops: &mut Tops) {
        let Some(entity) = self.entities.get(place).filter(|entity| entity.parent.is_none()) else { return };
        let Some(target) = entity.document.parent_id.and_then(|id| places.get(&id)).copied() else { return };
        if tops.of(target) == place {
            return;
        }
        tops.0[place] = target;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(documents: &[String]) -> TraceTree {
        TraceTree::join(documents.iter().map(|text| Document::parse(text.as_bytes()).unwrap()).collect())
    }

    fn document(id: usize, parent: Option<usize>, more: &str) -> String {
        let parent = parent.map(|parent| format!(r#""parent_id":"{parent:016x}","#)).unwrap_or_default();
        let trace_id = "1-5759e988-bd862e3fe1be46a994272793";
        format!(r#"{{"name":"n","id":"{id:016x}","trace_id":"{trace_id}",{parent}"start_time":{id}.0,"end_time":{id}.5{more}}}"#)
    }

    #[test]
    fn a_cycle_of_parents_has_a_root() {
        let nested = format!(r#","subsegments":[{}]"#, document(2, None, ""));
        for documents in [
            vec![document(1, Some(2), ""), document(2, Some(1), "")],
            vec![document(1, Some(3), ""), document(2, Some(1), ""), document(3, Some(2), "")],
            vec![document(1, Some(1), ""), document(2, Some(1), "")],
            vec![document(1, Some(2), &nested)],
        ] {
            let tree = tree(&documents);
            let root = tree.root().expect("a root");
            assert_eq!(tree.get(root).unwrap().caller, None);
        }
    }

    #[test]
    fn a_chain_of_subsegments_that_came_alone_belongs_to_its_segment() {
        const LONG: usize = 50_000;
        let mut documents = vec![document(1, None, "")];
        documents.extend((2..LONG).rev().map(|id| document(id, Some(id - 1), r#","type":"subsegment""#)));
        let tree = tree(&documents);
        assert_eq!(tree.tops().count(), 1);
        assert!(tree.entities.iter().all(|entity| entity.segment == 0));
    }
}
