// The selected row: exceptions first, then what its kind needs, then annotations, metadata, raw.

import type { ComponentChildren, JSX } from "preact";
import type { SegmentDocument } from "../api";
import { clock, duration } from "../format";
import { Message } from "../logs";
import { Dot } from "../parts";
import { link } from "../state";
import { exceptions, outcome, type Node, type Trace } from "./model";

export function Detail({ node, trace }: { node: Node; trace: Trace }): JSX.Element {
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
    {typeof document.cause === "string" && <p class="exception">the exception <a href={link(`trace/${document.trace_id ?? trace.roots[0]?.document.trace_id ?? ""}`, { at: entityOf(document.cause, trace) })}><code>{document.cause}</code></a> of another subsegment</p>}
    {node.oddity !== null && <p class="problem">{node.oddity}</p>}
    <Facts pairs={[
      ["duration", document.end_time === undefined ? <>open <span class="muted">it has not ended, or its end has not arrived</span></>
        : <>{duration(document.end_time - document.start_time)} <span class="muted">{share.toFixed(share < 10 ? 1 : 0)} % of the trace</span></>],
      ["begins", <>{clock(node.start)} <span class="muted">+{duration(node.start - trace.start)}</span></>],
      ["service", node.service], ["user", document.user], ["origin", document.origin], ["id", document.id],
    ]} />
    <Block name="http" value={{ ...document.http?.request, ...document.http?.response }} />
    <Block name="sql" value={document.sql} />
    <Block name="aws" value={document.aws} />
    <Block name="annotations" value={document.annotations} />
    <Metadata value={document.metadata} />
    <Block name="links" value={document.links} />
    <Raw value={rawOf(document)} />
  </>;
}

/** The id of the entity that has an exception. */
function entityOf(exception: string, trace: Trace): string | null {
  return trace.entities.find((entity) => exceptions(entity.document).some(({ id }) => id === exception))?.id ?? null;
}

const text = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

/** What other SDKs send may have any shape: an object is a list of pairs, the rest is shown as it is. */
function Block({ name, value }: { name: string; value: unknown }): JSX.Element | null {
  if (value === undefined) return null;
  const isPairs = typeof value === "object" && value !== null && !Array.isArray(value);
  const pairs: [string, unknown][] = isPairs ? Object.entries(value) : [["value", value]];
  return pairs.length === 0 ? null : <><h4>{name}</h4><Facts pairs={pairs.map(([key, value]) => [key, text(value)])} /></>;
}

function Metadata({ value }: { value: unknown }): JSX.Element | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return <Block name="metadata" value={value} />;
  return <>{Object.entries(value).map(([namespace, entries]) => <Block key={namespace} name={`metadata · ${namespace}`} value={entries} />)}</>;
}

function Facts({ pairs }: { pairs: [string, ComponentChildren][] }): JSX.Element {
  return <dl>{pairs.filter(([, value]) => value !== undefined && value !== null && value !== "").map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{value}</dd></div>)}</dl>;
}

/** The document that came, or this entity's part of it. */
function rawOf(document: SegmentDocument): string {
  const { subsegments } = document;
  return JSON.stringify({ ...document, subsegments: subsegments === undefined ? undefined : `${subsegments.length} subsegments` }, null, 2);
}

function Raw({ value }: { value: string }): JSX.Element {
  return <details class="raw"><summary>raw document</summary><pre>{value}</pre></details>;
}
