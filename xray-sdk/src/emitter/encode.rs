//! [`FragmentEncoder`]: encodes a fragment into as many datagrams as it needs, normally one.

use std::cell::RefCell;

use telemetry_wire::{Datagram, Details, Encoder, Entity, Placement, SegmentInfo, cut_to_fit};

use super::fit::{Fit, INDEPENDENCE};
use super::forest::{Forest, NO_NODE};
use crate::clock::ClockSpan;
use crate::entity::{Fragment, Root, RootKind};

/// Buffers that are reused from fragment to fragment.
#[derive(Debug, Default)]
pub(crate) struct FragmentEncoder {
    datagram: Datagram,
    forest: Forest,
    fit: Fit,
    own_bytes: Vec<usize>,
    walk: Vec<Step>,
    scratch: Vec<u8>,
    /// In the datagram that was written last.
    entities: u32,
}

/// Bytes that a datagram may have, header line included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SizeLimits {
    /// What documents are split for.
    pub(crate) datagram: usize,
    /// What a document may have that cannot be split any further.
    pub(crate) single: usize,
}

/// What went differently than asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EncodeReport {
    pub(crate) fixed_names: u32,
    pub(crate) fixed_keys: u32,
    pub(crate) annotations_left_out: u32,
    pub(crate) split: u32,
    pub(crate) cut: u32,
    pub(crate) too_large: u32,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Open { node: u32, is_first: bool },
    Close { had_children: bool },
}

/// A document's head.
#[derive(Clone, Copy)]
enum Head {
    Root,
    Node(u32),
}

/// One fragment under way.
struct Run<'a, S> {
    fragment: &'a mut Fragment,
    info: &'a SegmentInfo,
    clock: ClockSpan,
    limit: usize,
    /// For what cannot be split.
    single: usize,
    report: EncodeReport,
    send: S,
    is_too_deep: bool,
    is_fitted: bool,
}

impl<S> Run<'_, S> {
    fn source(&self) -> Source<'_> {
        Source { fragment: self.fragment, info: self.info, clock: self.clock }
    }
}

/// What documents are made of.
#[derive(Clone, Copy)]
struct Source<'a> {
    fragment: &'a Fragment,
    info: &'a SegmentInfo,
    clock: ClockSpan,
}

impl FragmentEncoder {
    /// Encodes `fragment` and gives each datagram to `send`, with the number of entities in it.
    pub(crate) fn encode(
        &mut self,
        fragment: &mut Fragment,
        info: &SegmentInfo,
        limits: SizeLimits,
        send: impl FnMut(&[u8], u32),
    ) -> EncodeReport {
        let mut report = EncodeReport::default();
        self.forest.build(&fragment.records, fragment.root.is_some());
        self.apply_notes(fragment, &mut report);
        let is_too_deep = self.fit.is_too_deep(fragment.records.len(), &self.forest);
        let clock = fragment.anchor.until_now();
        let SizeLimits { datagram: limit, single } = limits;
        let mut run = Run { fragment, info, clock, limit, single, report, send, is_too_deep, is_fitted: false };
        if run.fragment.root.is_some() {
            self.fit_and_send(&mut run, Head::Root);
        }
        for orphan in self.forest.list(self.forest.orphans).collect::<Vec<_>>() {
            self.fit_and_send(&mut run, Head::Node(orphan));
        }
        run.report
    }

    /// Joins what others said with what the owners recorded.
    fn apply_notes(&self, fragment: &mut Fragment, report: &mut EncodeReport) {
        for (number, note) in std::mem::take(&mut fragment.notes) {
            let (flags, details) = if number == 0 {
                let Some(root) = fragment.root.as_mut() else { continue };
                (&mut root.flags, &mut root.details)
            } else {
                let Some(node) = self.forest.node_of(&fragment.records, number) else { continue };
                let record = &mut fragment.records[node as usize];
                (&mut record.flags, &mut record.details)
            };
            let fixes = note.apply(flags, details.get_or_insert_default());
            report.fixed_keys += u32::from(fixes.key);
            report.annotations_left_out += u32::from(fixes.left_out);
        }
    }

    /// Writes everything below `head` as one document, and looks at sizes only if that is too large.
    fn fit_and_send(&mut self, run: &mut Run<'_, impl FnMut(&[u8], u32)>, head: Head) {
        if !run.is_too_deep {
            run.report.fixed_names += self.write(run.source(), head, |_| false);
            if self.datagram.as_bytes().len() <= run.limit {
                return (run.send)(self.datagram.as_bytes(), self.entities);
            }
        }
        self.split_and_send(run, head);
    }

    #[cold]
    fn split_and_send(&mut self, run: &mut Run<'_, impl FnMut(&[u8], u32)>, head: Head) {
        if !std::mem::replace(&mut run.is_fitted, true) {
            let root_bytes = self.measure(run);
            self.fit.choose(&self.forest, &self.own_bytes, root_bytes, run.limit);
        }
        let fit = std::mem::take(&mut self.fit);
        let mut heads = vec![head];
        while let Some(head) = heads.pop() {
            self.write(run.source(), head, |node| fit.leaves_parent(node));
            if self.datagram.as_bytes().len() <= run.limit.max(run.single) {
                (run.send)(self.datagram.as_bytes(), self.entities);
            } else {
                run.report.too_large += 1;
            }
            let parted = self.parted_below(head, &fit);
            run.report.split += parted.len() as u32;
            heads.extend(parted.into_iter().map(Head::Node));
        }
        self.fit = fit;
    }

    /// The nearest nodes below `head` that leave their parents.
    fn parted_below(&self, head: Head, fit: &Fit) -> Vec<u32> {
        let first = self.first_child(head);
        let mut waiting: Vec<u32> = self.forest.list(first).collect();
        let mut parted = Vec::new();
        while let Some(node) = waiting.pop() {
            if fit.leaves_parent(node) {
                parted.push(node);
            } else {
                waiting.extend(self.forest.list(self.forest.first_child(node)));
            }
        }
        parted
    }

    /// Finds the size of each entity by itself, cutting what exceeds the limit even alone. Returns the root's.
    fn measure<S>(&mut self, run: &mut Run<'_, S>) -> usize {
        let room = run.limit.max(run.single).saturating_sub(INDEPENDENCE);
        self.own_bytes.clear();
        for node in 0..run.fragment.records.len() {
            let details = run.fragment.records[node].details.take();
            let (bytes, details, was_cut) = self.fit_alone(room, details, |details, out| {
                let entity = Entity { details, ..run.source().entity(node as u32) };
                bytes_of(out, &entity, Placement::Nested)
            });
            run.fragment.records[node].details = details;
            run.report.cut += u32::from(was_cut);
            self.own_bytes.push(bytes);
        }
        self.measure_root(run, room)
    }

    fn measure_root<S>(&mut self, run: &mut Run<'_, S>, room: usize) -> usize {
        let Some(mut root) = run.fragment.root.take() else { return 0 };
        let details = root.details.take();
        let (bytes, details, was_cut) = self.fit_alone(room, details, |details, out| {
            let source = run.source();
            bytes_of(out, &Entity { details, ..source.root(&root) }, source.placement(&root))
        });
        root.details = details;
        run.report.cut += u32::from(was_cut);
        run.fragment.root = Some(root);
        bytes
    }

    /// Cuts `details` until `size` fits the room. Returns the size, the details, and whether they were cut.
    fn fit_alone(
        &mut self,
        room: usize,
        mut details: Option<Box<Details>>,
        size: impl Fn(Option<&Details>, &mut Vec<u8>) -> usize,
    ) -> (usize, Option<Box<Details>>, bool) {
        let bytes = size(details.as_deref(), &mut self.scratch);
        let Some(own) = details.as_deref_mut().filter(|_| bytes > room) else { return (bytes, details, false) };
        let scratch = RefCell::new(&mut self.scratch);
        let was_cut = cut_to_fit(own, room, |details| size(Some(details), &mut scratch.borrow_mut()));
        (size(details.as_deref(), &mut self.scratch), details, was_cut)
    }

    fn first_child(&self, head: Head) -> u32 {
        match head {
            Head::Root => self.forest.of_root,
            Head::Node(node) => self.forest.first_child(node),
        }
    }

    /// Writes the document below `head`, without what `is_parted`. Returns how many names had to be fixed.
    fn write(&mut self, source: Source<'_>, head: Head, is_parted: impl Fn(u32) -> bool) -> u32 {
        let mut encoder = Encoder::new(self.datagram.begin());
        source.open(&mut encoder, head);
        let forest = &self.forest;
        let next = |mut node: u32| {
            while node != NO_NODE && is_parted(node) {
                node = forest.next_sibling(node);
            }
            node
        };
        let first = match head {
            Head::Root => forest.of_root,
            Head::Node(node) => forest.first_child(node),
        };
        self.walk.clear();
        self.entities = 1;
        descend(&mut encoder, &mut self.walk, next(first));
        while let Some(step) = self.walk.pop() {
            match step {
                Step::Open { node, is_first } => {
                    if !is_first {
                        encoder.next_child();
                    }
                    encoder.open(&source.entity(node), Placement::Nested);
                    self.entities += 1;
                    let sibling = next(forest.next_sibling(node));
                    self.walk.push(if sibling == NO_NODE {
                        Step::Close { had_children: true }
                    } else {
                        Step::Open { node: sibling, is_first: false }
                    });
                    descend(&mut encoder, &mut self.walk, next(forest.first_child(node)));
                }
                Step::Close { had_children } => {
                    if had_children {
                        encoder.end_children();
                    }
                    encoder.close();
                }
            }
        }
        encoder.fixes()
    }
}

/// Returns the encoded size of an entity without children.
fn bytes_of(out: &mut Vec<u8>, entity: &Entity<'_>, placement: Placement<'_>) -> usize {
    out.clear();
    let mut encoder = Encoder::new(out);
    encoder.open(entity, placement);
    encoder.close();
    encoder.position()
}

/// Plans what comes after an entity was opened: its children, or its end.
fn descend(encoder: &mut Encoder<'_>, walk: &mut Vec<Step>, first_child: u32) {
    if first_child == NO_NODE {
        encoder.close();
    } else {
        encoder.begin_children();
        walk.push(Step::Open { node: first_child, is_first: true });
    }
}

impl<'a> Source<'a> {
    fn open(self, encoder: &mut Encoder<'_>, head: Head) {
        match head {
            Head::Root => {
                if let Some(root) = &self.fragment.root {
                    encoder.open(&self.root(root), self.placement(root));
                }
            }
            Head::Node(node) => {
                let parent_id = self.fragment.id_of(self.fragment.records[node as usize].parent);
                encoder.open(&self.entity(node), Placement::Independent { trace_id: self.fragment.identity.trace, parent_id });
            }
        }
    }

    fn root<'r>(self, root: &'r Root) -> Entity<'r> {
        Entity {
            name: &root.name,
            id: self.fragment.id_of(0),
            start: self.clock.time_of(root.start),
            end: root.end.map(|end| self.clock.time_of(end)),
            flags: root.flags,
            details: root.details.as_deref(),
        }
    }

    fn placement(self, root: &Root) -> Placement<'a> {
        let trace_id = self.fragment.identity.trace;
        match root.kind {
            RootKind::Segment { parent } | RootKind::Tentative { parent } => {
                Placement::Segment { trace_id, parent_id: parent, info: Some(self.info) }
            }
            RootKind::Detached { parent } => Placement::Independent { trace_id, parent_id: parent },
        }
    }

    fn entity(self, node: u32) -> Entity<'a> {
        let record = &self.fragment.records[node as usize];
        Entity {
            name: &record.name,
            id: self.fragment.id_of(record.number),
            start: self.clock.time_of(record.start),
            end: Some(self.clock.time_of(record.end)),
            flags: record.flags,
            details: record.details.as_deref(),
        }
    }
}
