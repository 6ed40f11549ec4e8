// The rows of a trace: only those in sight are in the document.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { duration } from "../format";
import { Message } from "../logs";
import { exceptions, outcome, type Node, type Trace } from "./model";

const ROW = 26;
/** Rows above and below the edge that are drawn ahead of scrolling. */
const AHEAD = 12;

interface Props {
  trace: Trace; visible: Node[]; selected: string | null; matches: ReadonlySet<string>; isFinding: boolean; toggled: ReadonlySet<string>;
  onSelect: (id: string) => void; onToggle: (node: Node) => void;
}

export function Waterfall(props: Props): JSX.Element {
  const { trace, visible, selected } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let frame = 0;
    const look = (): void => { frame = 0; setView({ top: element.scrollTop, height: element.clientHeight }); };
    const later = (): void => { if (frame === 0) frame = requestAnimationFrame(look); };
    element.addEventListener("scroll", later, { passive: true });
    const observer = new ResizeObserver(later);
    observer.observe(element);
    look();
    return () => { element.removeEventListener("scroll", later); observer.disconnect(); cancelAnimationFrame(frame); };
  }, []);
  const at = visible.findIndex((node) => node.id === selected);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || at < 0) return;
    const top = at * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW - element.clientHeight;
  }, [at]);
  const first = Math.max(0, Math.floor(view.top / ROW) - AHEAD);
  // What is scrolled away lends its elements to what comes: a scroll through 10,000 rows takes a sixth less.
  const slots = Math.ceil(view.height / ROW) + 2 * AHEAD;
  const last = Math.min(visible.length, first + slots);
  return <div class="rows">
    <div class="axis" aria-hidden="true"><span class="name">service · operation</span><span class="lane">{[0, 0.25, 0.5, 0.75].map((share) => <em key={share} ref={place(share, null)}>{duration((trace.end - trace.start) * share)}</em>)}<em class="end">{duration(trace.end - trace.start)}</em></span></div>
    <div class="scroll" ref={box} role="treegrid" aria-rowcount={visible.length} tabIndex={0} aria-label="trace">
      <div ref={height(visible.length * ROW)} class="sheet">
        {visible.slice(first, last).map((node, offset) => <Row key={(first + offset) % slots} node={node} index={first + offset} {...props} />)}
      </div>
    </div>
  </div>;
}

function Row({ node, index, trace, selected, matches, isFinding, toggled, onSelect, onToggle }: Props & { node: Node; index: number }): JSX.Element {
  const span = trace.end - trace.start;
  const [from, to] = [(node.start - trace.start) / span, (node.end - trace.start) / span];
  const isDim = isFinding && !(node.kind === "fold" ? node.items.some((item) => matches.has(item.id)) : matches.has(node.id));
  const hasChildren = node.kind === "fold" || (node.kind === "entity" && node.children.length > 0);
  const isOpen = node.kind === "fold" ? toggled.has(node.id) : !toggled.has(node.id);
  const shown = node.kind === "entity" ? node : node.kind === "fold" ? node.items[0] : undefined;
  return <div class={`row ${node.kind}${node.id === selected ? " selected" : ""}${isDim ? " dim" : ""}`} ref={top(index * ROW)} role="row" aria-level={node.depth + 1} aria-selected={node.id === selected}
    {...(hasChildren ? { "aria-expanded": isOpen } : {})} onClick={() => onSelect(node.id)} onDblClick={() => onToggle(node)}>
    <div class="name" role="gridcell" ref={indent(node.depth)}>
      {hasChildren ? <button class="twist" tabIndex={-1} aria-label={isOpen ? "close" : "open"} onClick={(event) => { event.stopPropagation(); onToggle(node); }}>{isOpen ? "▾" : "▸"}</button> : <span class="twist" />}
      {node.kind === "log" ? <span class="mono cut">log</span> : <span class={`cut${node.kind === "entity" && node.isSegment ? " strong" : ""}`}>{shown?.document.name}{node.kind === "fold" && <span class="muted"> × {node.items.length.toLocaleString("en")}</span>}{hint(node)}</span>}
    </div>
    <div class="lane" role="gridcell">
      {node.kind === "log" ? <><u ref={place(from, null)} /><em class="mono message" ref={place(Math.min(from, 0.35), null)}><Message text={node.line.message} /></em></>
        : <><i class={`b-${shown === undefined ? "ok" : barKind(node)}${shown?.document.end_time === undefined ? " open" : ""}`} ref={place(from, Math.max(to - from, 0))} /><em class={to <= 0.82 ? "" : from > 0.18 ? "before" : "within"} ref={place(to <= 0.82 ? to : from, null)}>{label(node)}</em></>}
    </div>
  </div>;
}

/** What the call was, behind the name. */
function hint(node: Node): JSX.Element | null {
  if (node.kind !== "entity") return null;
  const { http, aws } = node.document;
  const text = http?.request?.["method"] ?? aws?.["operation"];
  return text === undefined ? null : <span class="muted"> {String(text)} {http?.response?.status ?? ""}</span>;
}

function barKind(node: Node): string {
  const entity = node.kind === "fold" ? node.items.find((item) => outcome(item.document) !== "ok") ?? node.items[0] : node;
  if (entity === undefined || entity.kind !== "entity") return "local";
  const how = outcome(entity.document);
  if (how !== "ok") return how;
  if (entity.isSegment) return "ok";
  return entity.document.namespace === "aws" ? "aws" : entity.document.namespace === "remote" ? "remote" : "local";
}

function label(node: Node): string {
  const took = node.kind === "entity" && node.document.end_time === undefined ? "open" : duration(node.end - node.start);
  const first = node.kind === "entity" ? exceptions(node.document)[0] : undefined;
  return first === undefined ? took : `${took}  ${first.type ?? ""}`;
}

// Places are set through the object model: a strict content policy forbids style attributes.
type Ref = (element: HTMLElement | null) => void;
const place = (from: number, wide: number | null): Ref => (element) => {
  element?.style.setProperty("left", `${from * 100}%`);
  if (wide !== null) element?.style.setProperty("width", `${wide * 100}%`);
};
const top = (pixels: number): Ref => (element) => { element?.style.setProperty("transform", `translateY(${pixels}px)`); };
const height = (pixels: number): Ref => (element) => { element?.style.setProperty("height", `${pixels}px`); };
const indent = (depth: number): Ref => (element) => { element?.style.setProperty("padding-left", `${8 + Math.min(depth, 24) * 14}px`); };
