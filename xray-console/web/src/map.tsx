// The service map: left to right, positions that stay put, a ring of outcomes.

import type { JSX } from "preact";
import { get, type Graph, type GraphNode, type Statistics } from "./api";
import { Empty } from "./empty";
import { quoted } from "./expression";
import { duration } from "./format";
import { failed, Panel, States, total } from "./parts";
import { link, range, rangeKey, useData, type Place } from "./state";

export function MapScreen({ place }: { place: Place }): JSX.Element {
  const loaded = useData(`graph ${rangeKey(place)}`, () => get<Graph>("graph", { ...range(place) }));
  return <Panel title="Service map" aside={<span class="muted">click a service or an edge to see its traces</span>}>
    <States loaded={loaded}>{(graph) => graph.nodes.length === 0 ? <Empty /> : <MapView graph={graph} height={620} seconds={range(place).seconds} />}</States>
  </Panel>;
}

interface Spot { x: number; y: number }
const COLUMN = 210;
const ROW = 118;
const RADIUS = 30;
const CLIENT_RADIUS = 18;

const radius = (node: { kind: string | null }): number => (node.kind === "client" ? CLIENT_RADIUS : RADIUS);

/** The edges that lead back to where a walk from the callers came from, such as a worker's to its queue: they move nothing to the right. */
function backward(graph: Graph): Set<string> {
  const back = new Set<string>();
  const state = graph.nodes.map(() => "new" as "new" | "open" | "done");
  const visit = (from: number): void => {
    state[from] = "open";
    for (const to of Object.keys(graph.nodes[from]?.edges ?? {}).map(Number)) {
      if (state[to] === "open") back.add(`${from} ${to}`);
      else if (state[to] === "new") visit(to);
    }
    state[from] = "done";
  };
  const isCaller = (index: number): boolean => graph.nodes[index]?.kind === "client";
  const order = [...graph.nodes.keys()].sort((a, b) => Number(isCaller(b)) - Number(isCaller(a)) || a - b);
  for (const index of order) if (state[index] === "new") visit(index);
  return back;
}

/** Columns by the longest way from a caller, rows by name: the same graph always looks the same. */
function layout(graph: Graph): Map<number, Spot> {
  const column = graph.nodes.map(() => 0);
  const back = backward(graph);
  for (let round = 0; round < graph.nodes.length; round++) {
    let moved = false;
    graph.nodes.forEach((node, from) => Object.keys(node.edges).map(Number).filter((to) => !back.has(`${from} ${to}`)).forEach((to) => {
      const wanted = (column[from] ?? 0) + 1;
      if ((column[to] ?? 0) < wanted) { column[to] = wanted; moved = true; }
    }));
    if (!moved) break;
  }
  const spots = new Map<number, Spot>();
  const columns = Math.max(0, ...column) + 1;
  for (let at = 0; at < columns; at++) {
    const members = graph.nodes.map((node, index) => ({ node, index })).filter(({ index }) => column[index] === at);
    members.sort((a, b) => a.node.name.localeCompare(b.node.name));
    members.forEach(({ index }, row) => spots.set(index, { x: 60 + at * COLUMN, y: 60 + row * ROW + (at % 2) * 14 }));
  }
  return spots;
}

const ORDER = ["ok", "error", "throttle", "fault"] as const;

/** The ring as arcs of a circle, drawn by dashes. */
function Ring({ statistics }: { statistics: Statistics }): JSX.Element {
  const all = total(statistics);
  const length = 2 * Math.PI * RADIUS;
  let before = 0;
  return <>{ORDER.map((kind) => {
    const share = all === 0 ? 0 : statistics[kind] / all;
    const arc = <circle key={kind} r={RADIUS} class={`ring r-${kind}`} stroke-dasharray={`${share * length} ${length}`} stroke-dashoffset={-before * length} transform="rotate(-90)" />;
    before += share;
    return share === 0 ? null : arc;
  })}</>;
}

/** Services without calls of their own and with one caller: of one kind and many they are one. */
const FOLD_FROM = 6;

/** The graph with the leaves of each caller folded, so that it stays readable. */
function foldLeaves(graph: Graph): Graph {
  const callers = new Map<number, number[]>();
  graph.nodes.forEach((node, from) => Object.keys(node.edges).forEach((to) => callers.set(Number(to), [...(callers.get(Number(to)) ?? []), from])));
  const groups = new Map<string, number[]>();
  graph.nodes.forEach((node, at) => {
    const [caller, ...others] = callers.get(at) ?? [];
    if (caller === undefined || others.length > 0 || Object.keys(node.edges).length > 0 || node.kind === "client") return;
    const key = `${caller} ${node.kind ?? ""}`;
    groups.set(key, [...(groups.get(key) ?? []), at]);
  });
  const folded = new Map<number, number>();
  for (const members of groups.values()) {
    const [first] = members;
    if (first !== undefined && members.length >= FOLD_FROM) members.forEach((member) => folded.set(member, first));
  }
  if (folded.size === 0) return graph;
  const sum = (a: Statistics, b: Statistics): Statistics => ({ ok: a.ok + b.ok, error: a.error + b.error, throttle: a.throttle + b.throttle, fault: a.fault + b.fault, seconds: a.seconds + b.seconds });
  const kept = graph.nodes.map((_, at) => at).filter((at) => (folded.get(at) ?? at) === at);
  const place = new Map(kept.map((at, place) => [at, place]));
  const nodes = kept.map((at) => {
    const node = graph.nodes[at] as GraphNode;
    const members = [...folded].filter(([, first]) => first === at).map(([member]) => graph.nodes[member] as GraphNode);
    const edges: Record<string, Statistics> = {};
    for (const [to, statistics] of Object.entries(node.edges)) {
      const key = String(place.get(folded.get(Number(to)) ?? Number(to)) ?? 0);
      const known = edges[key];
      edges[key] = known === undefined ? statistics : sum(known, statistics);
    }
    if (members.length === 0) return { ...node, edges };
    return { ...node, edges, name: `${members.length} × ${node.kind ?? "service"}`, statistics: members.map((member) => member.statistics).reduce(sum), members: members.map((member) => member.name) };
  });
  return { nodes };
}

export function MapView({ graph: whole, height, seconds }: { graph: Graph; height: number; seconds: number }): JSX.Element {
  const graph = foldLeaves(whole);
  const spots = layout(graph);
  const most = [...spots.values()].reduce((most, spot) => ({ x: Math.max(most.x, spot.x), y: Math.max(most.y, spot.y) }), { x: 300, y: 100 });
  const busiest = Math.max(1, ...graph.nodes.flatMap((node) => Object.values(node.edges).map(total)));
  const perMinute = (statistics: Statistics): string => { const rate = (total(statistics) / seconds) * 60; return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/min`; };
  const edges = graph.nodes.flatMap((node, from) => Object.entries(node.edges).map(([to, statistics]) => ({ node, from, to: Number(to), statistics })));
  // Never smaller than it is drawn: text stays readable, and what has no room is scrolled to.
  const least = (element: SVGElement | null): void => { element?.style.setProperty("min-width", `${most.x + 90}px`); element?.style.setProperty("min-height", `${most.y + 70}px`); };
  return <div class="map-box" ref={(element) => element?.style.setProperty("max-height", `${height + 20}px`)} tabIndex={0} role="region" aria-label="service map">
  <svg class="map" ref={least} viewBox={`0 0 ${most.x + 90} ${most.y + 70}`} height={height} preserveAspectRatio="xMidYMid meet">
    {edges.map(({ node, from, to, statistics }) => {
      const [a, b] = [spots.get(from), spots.get(to)];
      const target = graph.nodes[to];
      if (a === undefined || b === undefined || target === undefined) return null;
      const bend = (b.x - a.x) / 2;
      const [left, right] = [a.x + radius(node) + 4, b.x - radius(target) - 6];
      const path = `M${left},${a.y} C${left + bend / 2},${a.y} ${right - bend / 2},${b.y} ${right},${b.y}`;
      const targets = target.members ?? [target.name];
      const filter = node.kind === "client" ? `service(${quoted(target.name)}) { root }` : targets.map((name) => `edge(${quoted(node.name)}, ${quoted(name)})`).join(" OR ");
      const label = `${node.kind === "client" ? "client" : node.name} to ${target.name}: ${total(statistics)} calls, ${failed(statistics)} failed`;
      return <a key={`${from}-${to}`} href={link("traces", { filter })} aria-label={label}><title>{label}</title>
        <path class="hit" d={path} /><path class={`edge${failed(statistics) > 0 ? " failing" : ""}`} d={path} stroke-width={1 + 3 * Math.sqrt(total(statistics) / busiest)} /></a>;
    })}
    {graph.nodes.map((node, at) => {
      const spot = spots.get(at) ?? { x: 0, y: 0 };
      const isClient = node.kind === "client";
      const all = total(node.statistics);
      const label = isClient ? "client" : `${node.name}: ${all} requests, ${failed(node.statistics)} failed`;
      const filter = isClient ? "" : (node.members ?? [node.name]).map((name) => `service(${quoted(name)})`).join(" OR ");
      return <a key={`${node.name} ${node.kind}`} href={link("traces", { filter })} aria-label={label}><title>{label}</title><g transform={`translate(${spot.x},${spot.y})`}>
        <circle r={radius(node)} class="disc" />
        {!isClient && <Ring statistics={node.statistics} />}
        {isClient ? <text y="4">client</text> : <>
          <text y="0" class="strong">{all === 0 ? "–" : duration(node.statistics.seconds / all)}</text><text y="12" class="soft">{perMinute(node.statistics)}</text>
          <text y={RADIUS + 19}>{short(node.name)}</text>{node.kind !== null && <text y={RADIUS + 31} class="soft">{short(node.kind)}</text>}</>}
      </g></a>;
    })}
  </svg></div>;
}

const short = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name);
