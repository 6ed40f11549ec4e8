// The selected row: exceptions first, then what its kind needs, then annotations, metadata, raw.

import type { ComponentChildren, JSX } from "preact";
import type { SegmentDocument } from "../api";
import { clock, duration } from "../format";
import { Message } from "../logs";
import { Dot } from "../parts";
import { exceptions, outcome, type Node, type Trace } from "./model";

export function Detail({ node, trace, documents }: { node: Node; trace: Trace; documents: SegmentDocument[] }): JSX.Element {
  if (node.kind === "log") return <>
    <h3>log line</h3><p class="mono wrap"><Message text={node.line.message} /></p>
    <Facts pairs={[["time", clock(node.start)], ["group", node.line.group], ["stream", node.line.stream]]} /><Raw value={node.line.message} /></>;
  if (node.kind === "fold") return <><h3>{node.items[0]?.document.name} <span class="muted">× {node.items.length}</span></h3>
    <Facts pairs={[["from", clock(node.start)], ["to", clock(node.end)], ["in all", duration(node.items.reduce((sum, item) => sum + item.end - item.start, 0))]]} />
    <p class="note">press l to see each</p></>;
  const { document } = node;
  const share = ((node.end - node.start) / (trace.end - trace.start)) * 100;
  return <>
    <h3><Dot outcome={outcome(document)} /> {document.name} <span class="muted">{document.namespace ?? (node.isSegment ? "segment" : "")}</span></h3>
    {exceptions(document).map((exception) => <div class="exception" key={exception.id}>
      <b>{exception.type}</b><br />{exception.message}
      {(exception.stack ?? []).length > 0 && <details><summary>{exception.stack?.length} frames</summary><ol>{exception.stack?.map((frame, at) => <li key={at} class="mono">{frame.label} <span class="muted">{frame.path}:{frame.line}</span></li>)}</ol></details>}
      {exception.cause !== undefined && <div class="muted">caused by ↓</div>}
    </div>)}
    <Facts pairs={[
      ["duration", <>{duration(document.end_time === undefined ? null : node.end - node.start)} <span class="muted">{share.toFixed(share < 10 ? 1 : 0)} % of the trace</span></>],
      ["begins", <>{clock(node.start)} <span class="muted">+{duration(node.start - trace.start)}</span></>],
      ["service", node.service], ["user", document.user], ["origin", document.origin], ["id", document.id],
    ]} />
    <Block name="http" value={{ ...document.http?.request, ...document.http?.response }} />
    <Block name="sql" value={document.sql} />
    <Block name="aws" value={document.aws} />
    <Block name="annotations" value={document.annotations} />
    {Object.entries(document.metadata ?? {}).map(([namespace, entries]) => <Block key={namespace} name={`metadata · ${namespace}`} value={entries as Record<string, unknown>} />)}
    <Raw value={rawOf(node.id, documents)} />
  </>;
}

function Block({ name, value }: { name: string; value: Record<string, unknown> | undefined }): JSX.Element | null {
  const pairs = Object.entries(value ?? {});
  return pairs.length === 0 ? null : <><h4>{name}</h4><Facts pairs={pairs.map(([key, value]) => [key, typeof value === "object" ? JSON.stringify(value) : String(value)])} /></>;
}

function Facts({ pairs }: { pairs: [string, ComponentChildren][] }): JSX.Element {
  return <dl>{pairs.filter(([, value]) => value !== undefined && value !== null && value !== "").map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{value}</dd></div>)}</dl>;
}

/** The document that came, if this entity headed one, else its part of it. */
function rawOf(id: string, documents: SegmentDocument[]): string {
  const waiting = [...documents];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.id === id) return JSON.stringify({ ...next, subsegments: next.subsegments === undefined ? undefined : `${next.subsegments.length} subsegments` }, null, 2);
    for (const child of next.subsegments ?? []) waiting.push(child);
  }
  return "";
}

function Raw({ value }: { value: string }): JSX.Element {
  return <details class="raw"><summary>raw document</summary><pre>{value}</pre></details>;
}
