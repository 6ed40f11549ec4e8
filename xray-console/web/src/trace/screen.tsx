// One trace: rows left, the selected row's facts beside it.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, type TraceData } from "../api";
import { clock, duration, path } from "../format";
import { isTyping } from "../keys";
import { Dot, States } from "../parts";
import { change, useData, type Place } from "../state";
import { Detail } from "./detail";
import { build, everything, outcome, reveal, rows, searchText, type Node, type Trace } from "./model";
import { Waterfall } from "./waterfall";

export function TraceScreen({ place }: { place: Place }): JSX.Element {
  const loaded = useData(`trace ${place.id}`, () => get<TraceData>(`trace/${encodeURIComponent(place.id)}`));
  return <States loaded={loaded}>{(data) => data.documents.length === 0
    ? <p class="note">No segment of <code>{place.id}</code> is kept here. It may not have arrived yet, or have been evicted.</p>
    : <TraceView place={place} data={data} />}</States>;
}

function TraceView({ place, data }: { place: Place; data: TraceData }): JSX.Element {
  const { id } = place;
  const trace = useMemo(() => build(data), [data]);
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const selectedId = place.query.get("at");
  const select = (id: string): void => change({ at: id }, false);
  const [find, setFind] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const visible = useMemo(() => rows(trace, toggled), [trace, toggled]);
  const all = useMemo(() => everything(trace), [trace]);
  const matches = useMemo(() => found(trace, all, find), [trace, all, find]);
  const at = Math.max(0, visible.findIndex((node) => node.id === selectedId));
  const selected = visible[at] ?? visible[0];
  const toggle = (node: Node): void => setToggled((old) => { const next = new Set(old); if (!next.delete(node.id)) next.add(node.id); return next; });

  // The address may name a row that is folded away.
  useEffect(() => {
    const node = all.find((node) => node.id === selectedId);
    if (node !== undefined) setToggled((old) => reveal(node, old));
  }, [selectedId]);

  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === "Escape") input.current?.blur();
      if (isTyping(event)) return;
      const go = (step: number): void => { const node = visible[Math.min(Math.max(at + step, 0), visible.length - 1)]; if (node) select(node.id); };
      const jump = (step: 1 | -1, wanted: (node: Node) => boolean): void => {
        for (let next = all.findIndex((node) => node.id === selected?.id) + step; next >= 0 && next < all.length; next += step) {
          const node = all[next];
          if (node !== undefined && wanted(node)) { select(node.id); return; }
        }
      };
      const isFailure = (node: Node): boolean => node.kind === "entity" && ["fault", "error", "throttle"].includes(outcome(node.document));
      const isOpen = selected !== undefined && (selected.kind === "fold" ? toggled.has(selected.id) : !toggled.has(selected.id));
      if (event.key === "/") { event.preventDefault(); input.current?.focus(); }
      if (event.key === "j") go(1);
      if (event.key === "k") go(-1);
      if (event.key === "h" && selected !== undefined && isOpen) toggle(selected);
      if (event.key === "l" && selected !== undefined && !isOpen) toggle(selected);
      if (event.key === "]") jump(1, isFailure);
      if (event.key === "[") jump(-1, isFailure);
      if (event.key === "n") jump(1, (node) => matches.has(node.id));
      if (event.key === "c") void navigator.clipboard.writeText(id);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [visible, all, at, selected, toggled, matches, id]);

  const root = trace.roots[0];
  return <section class="panel trace">
    <h2 class="trace-head">
      {root !== undefined && <><Dot outcome={outcome(root.document)} /><b>{title(trace)}</b></>}
      <code>{id}</code><span>{duration(trace.end - trace.start)}</span><span class="muted">{clock(trace.start)}</span>
      <span class="grow" />
      <input ref={input} type="search" class="find" value={find} placeholder="find in trace  /" aria-label="find in trace" onInput={(event) => setFind(event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === "Enter") { const first = all.find((node) => matches.has(node.id)); if (first) select(first.id); event.currentTarget.blur(); } }} />
      {find !== "" && <span class="muted" role="status">{matches.size} found</span>}
      <span class="muted">{trace.entities.length.toLocaleString("en")} entities · {trace.logs} log lines · {trace.errors.length} failures</span>
    </h2>
    <div class="split">
      <Waterfall trace={trace} visible={visible} selected={selected?.id ?? null} matches={matches} isFinding={find !== ""} toggled={toggled} onSelect={select} onToggle={toggle} />
      <div class="detail">{selected !== undefined && <Detail node={selected} trace={trace} />}</div>
    </div>
  </section>;
}

function title(trace: Trace): string {
  const document = trace.roots[0]?.document;
  const request = document?.http?.request;
  return request === undefined ? (document?.name ?? "") : `${String(request["method"] ?? "")} ${path(String(request["url"] ?? ""))} · ${document?.name ?? ""}`;
}

/** The entities and log lines that are found, also in closed rows. */
function found(trace: Trace, all: Node[], find: string): Set<string> {
  const wanted = find.trim().toLowerCase();
  if (wanted === "") return new Set();
  const share = /^>\s*([\d.]+)\s*%$/.exec(wanted);
  const least = share === null ? null : ((trace.end - trace.start) * Number(share[1])) / 100;
  const isFound = (node: Node): boolean => node.kind !== "fold" && (least === null ? searchText(node).includes(wanted) : node.end - node.start > least);
  return new Set(all.filter(isFound).map((node) => node.id));
}
