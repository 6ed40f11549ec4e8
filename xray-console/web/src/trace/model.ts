// A trace as rows: documents joined to a tree, log lines between them, repeated siblings folded.

import type { Exception, LogLine, Outcome, SegmentDocument, TraceData } from "../api";

export interface Entity {
  kind: "entity"; id: string; document: SegmentDocument; isSegment: boolean; service: string; depth: number;
  start: number; end: number; children: Node[]; parent: Entity | null;
  /** The fold that it is in. */
  fold: Fold | null;
  /** What is odd about its place. */
  oddity: string | null;
}
export interface Line { kind: "log"; id: string; line: LogLine; start: number; end: number; depth: number; parent: Entity | null; service: string }
export interface Fold { kind: "fold"; id: string; items: Entity[]; start: number; end: number; depth: number; parent: Entity | null; service: string }
export type Node = Entity | Line | Fold;

export interface Trace { roots: Entity[]; entities: Entity[]; start: number; end: number; errors: Entity[]; logs: number }

/** Siblings of one name in a row that become one row. */
const FOLD_FROM = 12;

export function outcome(document: SegmentDocument): Outcome {
  const status = document.http?.response?.status ?? 0;
  if (document.fault || status >= 500) return "fault";
  if (document.throttle || status === 429) return "throttle";
  if (document.error || status >= 400) return "error";
  return document.end_time === undefined ? "partial" : "ok";
}

export function exceptions(document: SegmentDocument): Exception[] {
  return typeof document.cause === "object" ? (document.cause.exceptions ?? []) : [];
}

/** Joins documents by id; nothing here recurses, so depth costs no stack. Of those that share an id the first is the parent. */
export function build(data: TraceData): Trace {
  const byId = new Map<string, Entity>();
  const tops: Entity[] = [];
  const entities: Entity[] = [];
  for (const document of data.documents) {
    const waiting: { document: SegmentDocument; parent: Entity | null }[] = [{ document, parent: null }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { document, parent } = next;
      const entity: Entity = {
        kind: "entity", id: document.id, document, isSegment: parent === null && document.type !== "subsegment",
        service: parent?.service ?? document.name, depth: 0, start: document.start_time, end: document.end_time ?? document.start_time, children: [], parent,
        fold: null, oddity: null,
      };
      if (byId.has(document.id)) {
        entity.id = `${document.id} ${entities.length}`;
        entity.oddity = "another entity of this trace has the same id";
      } else byId.set(document.id, entity);
      entities.push(entity);
      if (parent === null) tops.push(entity);
      else parent.children.push(entity);
      for (const child of document.subsegments ?? []) waiting.push({ document: child, parent: entity });
    }
  }
  const roots: Entity[] = [];
  // Ways to the top are halved as they are walked, so that a long chain costs no more than a short one.
  const above = new Map<Entity, Entity>();
  const topOf = (entity: Entity): Entity => {
    for (let at = entity; ;) {
      const next = above.get(at) ?? at.parent;
      if (next === null) return at;
      const over = above.get(next) ?? next.parent;
      if (over !== null) above.set(at, over);
      at = next;
    }
  };
  for (const top of tops) {
    const parent = top.document.parent_id === undefined ? undefined : byId.get(top.document.parent_id);
    if (parent === undefined || topOf(parent) === top) {
      roots.push(top);
      if (parent !== undefined) top.oddity = "its parent is below itself";
      else if (top.document.parent_id !== undefined) top.oddity = "its parent has not arrived";
    } else {
      top.parent = parent;
      parent.children.push(top);
    }
  }
  const start = entities.reduce((least, entity) => Math.min(least, entity.start), Infinity);
  const end = entities.reduce((most, entity) => Math.max(most, entity.end), start);
  for (const entity of entities) {
    if (entity.document.end_time === undefined) entity.end = end;
    else if (entity.end < entity.start) entity.oddity ??= "it ends before it begins";
  }
  addLogs(data.logs, entities, roots);
  arrange(roots);
  const errors = entities.filter((entity) => ["fault", "error", "throttle"].includes(outcome(entity.document)));
  return { roots, entities, start, end: Math.max(end, start + 1e-6), errors, logs: data.logs.length };
}

/** A line goes below the segment of the service that it names, else below the root. Its time has milliseconds only, so it may
 * seem to lie before the request. */
function addLogs(lines: LogLine[], entities: Entity[], roots: Entity[]): void {
  const segments = entities.filter((entity) => entity.isSegment);
  for (const line of lines) {
    const service = serviceOf(line.message);
    const at = Math.max(line.timestamp / 1e3, roots[0]?.start ?? 0);
    const parent = segments.find((segment) => segment.document.name === service) ?? roots[0];
    if (parent !== undefined) {
      parent.children.push({ kind: "log", id: `log-${line.id}`, line, start: at, end: at, depth: 0, parent, service: parent.service });
    }
  }
}

function serviceOf(message: string): string | null {
  if (!message.startsWith("{")) return null;
  try {
    const fields: unknown = JSON.parse(message);
    return fields !== null && typeof fields === "object" && "service" in fields && typeof fields.service === "string" ? fields.service : null;
  } catch {
    return null;
  }
}

/** Orders children by time, folds repetitions, and sets depths and services from the top down. */
function arrange(roots: Entity[]): void {
  roots.sort((a, b) => a.start - b.start);
  const waiting: Entity[] = [...roots];
  for (let entity = waiting.pop(); entity !== undefined; entity = waiting.pop()) {
    const { depth } = entity;
    const service = entity.isSegment ? entity.document.name : (entity.parent?.service ?? entity.document.name);
    entity.service = service;
    entity.children.sort((a, b) => a.start - b.start);
    entity.children = fold(entity);
    for (const child of entity.children) {
      child.depth = depth + 1;
      child.service = service;
      if (child.kind === "entity") waiting.push(child);
      if (child.kind === "fold") for (const item of child.items) { item.depth = depth + 2; waiting.push(item); }
    }
  }
}

function fold(parent: Entity): Node[] {
  const folded: Node[] = [];
  let run: Entity[] = [];
  const flush = (): void => {
    const [first] = run;
    if (first !== undefined && run.length >= FOLD_FROM) {
      const last = run.reduce((end, item) => Math.max(end, item.end), first.end);
      const row: Fold = { kind: "fold", id: `fold-${first.id}`, items: run, start: first.start, end: last, depth: 0, parent, service: parent.service };
      for (const item of run) item.fold = row;
      folded.push(row);
    } else folded.push(...run);
    run = [];
  };
  for (const child of parent.children) {
    const isSame = child.kind === "entity" && child.children.length === 0 && child.document.name === (run[0]?.document.name ?? child.document.name);
    if (!isSame) flush();
    if (child.kind === "entity" && child.children.length === 0) run.push(child);
    else { flush(); folded.push(child); }
  }
  flush();
  return folded;
}

/** The rows to be seen: closed nodes hide what is below, folds are closed until they are opened. */
export function rows(trace: Trace, toggled: ReadonlySet<string>): Node[] {
  const visible: Node[] = [];
  const waiting: Node[] = [...trace.roots].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    visible.push(node);
    const below = node.kind === "entity" ? node.children : node.kind === "fold" ? node.items : [];
    const isOpen = node.kind === "fold" ? toggled.has(node.id) : !toggled.has(node.id);
    if (isOpen) for (let at = below.length - 1; at >= 0; at--) { const child = below[at]; if (child !== undefined) waiting.push(child); }
  }
  return visible;
}

/** All rows, whatever is closed. */
export function everything(trace: Trace): Node[] {
  const nodes: Node[] = [];
  const waiting: Node[] = [...trace.roots].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes.push(node);
    const below = node.kind === "entity" ? node.children : node.kind === "fold" ? node.items : [];
    for (let at = below.length - 1; at >= 0; at--) { const child = below[at]; if (child !== undefined) waiting.push(child); }
  }
  return nodes;
}

/** What has to be toggled for a node to be seen. */
export function reveal(node: Node, toggled: ReadonlySet<string>): Set<string> {
  const next = new Set(toggled);
  for (let at: Node | null = node; at !== null; at = at.parent) {
    if (at.kind === "entity" && at.fold !== null) next.add(at.fold.id);
    if (at.parent !== null) next.delete(at.parent.id);
  }
  return next;
}

/** What find looks at. */
export function searchText(node: Exclude<Node, Fold>): string {
  if (node.kind === "log") return node.line.message.toLowerCase();
  const { name, http, annotations, metadata, user } = node.document;
  return JSON.stringify([name, http, annotations, metadata, user, exceptions(node.document)]).toLowerCase();
}
