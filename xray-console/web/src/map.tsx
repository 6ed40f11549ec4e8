// The service map: left to right, positions that stay put, a ring of outcomes.

import type { JSX } from "preact";
import { get, type Graph, type Statistics } from "./api";
import { Empty } from "./empty";
import { quoted } from "./expression";
import { duration } from "./format";
import { failed, Panel, States, total } from "./parts";
import { link, range, useData, type Place } from "./state";

export function MapScreen({ place }: { place: Place }): JSX.Element {
  const loaded = useData(`graph ${place.query.get("window") ?? ""}`, () => get<Graph>("graph", { ...range(place) }));
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

export function MapView({ graph, height, seconds }: { graph: Graph; height: number; seconds: number }): JSX.Element {
  const spots = layout(graph);
  const most = [...spots.values()].reduce((most, spot) => ({ x: Math.max(most.x, spot.x), y: Math.max(most.y, spot.y) }), { x: 300, y: 100 });
  const busiest = Math.max(1, ...graph.nodes.flatMap((node) => Object.values(node.edges).map(total)));
  const perMinute = (statistics: Statistics): string => { const rate = (total(statistics) / seconds) * 60; return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/min`; };
  const edges = graph.nodes.flatMap((node, from) => Object.entries(node.edges).map(([to, statistics]) => ({ node, from, to: Number(to), statistics })));
  return <svg class="map" viewBox={`0 0 ${most.x + 90} ${most.y + 70}`} height={height} role="group" aria-label="service map" preserveAspectRatio="xMidYMid meet">
    {edges.map(({ node, from, to, statistics }) => {
      const [a, b] = [spots.get(from), spots.get(to)];
      const target = graph.nodes[to];
      if (a === undefined || b === undefined || target === undefined) return null;
      const bend = (b.x - a.x) / 2;
      const [left, right] = [a.x + radius(node) + 4, b.x - radius(target) - 6];
      const path = `M${left},${a.y} C${left + bend / 2},${a.y} ${right - bend / 2},${b.y} ${right},${b.y}`;
      const filter = node.kind === "client" ? `service(${quoted(target.name)}) { root }` : `edge(${quoted(node.name)}, ${quoted(target.name)})`;
      const label = `${node.kind === "client" ? "client" : node.name} to ${target.name}: ${total(statistics)} calls, ${failed(statistics)} failed`;
      return <a key={`${from}-${to}`} href={link("traces", { filter })} aria-label={label}><title>{label}</title>
        <path class="hit" d={path} /><path class={`edge${failed(statistics) > 0 ? " failing" : ""}`} d={path} stroke-width={1 + 3 * Math.sqrt(total(statistics) / busiest)} /></a>;
    })}
    {graph.nodes.map((node, at) => {
      const spot = spots.get(at) ?? { x: 0, y: 0 };
      const isClient = node.kind === "client";
      const all = total(node.statistics);
      const label = isClient ? "client" : `${node.name}: ${all} requests, ${failed(node.statistics)} failed`;
      const filter = isClient ? "" : `service(${quoted(node.name)})`;
      return <a key={`${node.name} ${node.kind}`} href={link("traces", { filter })} aria-label={label}><title>{label}</title><g transform={`translate(${spot.x},${spot.y})`}>
        <circle r={radius(node)} class="disc" />
        {!isClient && <Ring statistics={node.statistics} />}
        {isClient ? <text y="4">client</text> : <>
          <text y="0" class="strong">{all === 0 ? "–" : duration(node.statistics.seconds / all)}</text><text y="12" class="soft">{perMinute(node.statistics)}</text>
          <text y={RADIUS + 19}>{short(node.name)}</text>{node.kind !== null && <text y={RADIUS + 31} class="soft">{short(node.kind)}</text>}</>}
      </g></a>;
    })}
  </svg>;
}

const short = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name);
