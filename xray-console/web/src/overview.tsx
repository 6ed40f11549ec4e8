// Is anything arriving, is anything failing, what just happened, what was rejected.

import type { JSX } from "preact";
import { get, reset, type Arrivals, type Graph, type Overview, type TraceList } from "./api";
import { Empty } from "./empty";
import { age, bytes, clock, duration, number } from "./format";
import { MapView } from "./map";
import { Dot, Panel, Spark, States } from "./parts";
import { link, range, rangeKey, useData, type Place } from "./state";
import { TraceRows } from "./traces";
import { quoted } from "./expression";

export function OverviewScreen({ place }: { place: Place }): JSX.Element {
  const key = rangeKey(place);
  const overview = useData("overview", () => get<Overview>("overview"));
  const traces = useData(`traces ${key}`, () => get<TraceList>("traces", { ...range(place), filter: "" }));
  const graph = useData(`graph ${key}`, () => get<Graph>("graph", { ...range(place) }));
  return <States loaded={overview}>{(data) => <>
    <Cards data={data} />
    {traces.data !== null && traces.data.matching === 0 ? <Empty /> : <>
      <div class="two">
        <Panel title="Service map" aside={<a href={link("map")}>open</a>}>
          <States loaded={graph}>{(graph) => <MapView graph={graph} height={260} seconds={range(place).seconds} />}</States>
        </Panel>
        <div class="stack">
          <Failing graph={graph.data} />
          <Rejected data={data} />
        </div>
      </div>
      <Panel title="Just happened" aside={<a href={link("traces")}>all traces</a>}>
        <States loaded={traces}>{(list) => <TraceRows rows={failuresFirst(list).slice(0, 8)} selected={null} />}</States>
      </Panel>
    </>}
    <Sampling data={data} />
    <Calls data={data} />
  </>}</States>;
}

/** The newest failures, then the newest of all. */
function failuresFirst(list: TraceList): TraceList["rows"] {
  const isFailure = (row: TraceList["rows"][number]): boolean => row.outcome !== "ok" && row.outcome !== "partial";
  return [...list.rows.filter(isFailure).slice(0, 4), ...list.rows.filter((row) => !isFailure(row))];
}

function Cards({ data }: { data: Overview }): JSX.Element {
  const { news, storage } = data;
  const rate = (arrivals: Arrivals): number => arrivals.perSecond.slice(-5).reduce((sum, value) => sum + value, 0) / 5;
  const card = (label: string, screen: string, arrivals: Arrivals, kind: string): JSX.Element => <a class="card" href={link(screen)}>
    <div><div class="label">{label}</div><div class="big">{number(rate(arrivals))}<small>/s</small></div>
      <small>{number(arrivals.total)} in all · last {age(news.now, arrivals.lastAt)}</small></div>
    <Spark values={arrivals.perSecond} kind={kind} />
  </a>;
  return <div class="cards">
    {card("segments", "traces", news.segments, "accent")}
    {card("metric data", "metrics", news.metrics, "accent")}
    {card("log lines", "logs", news.logs, "log")}
    <div class="card">
      <div><div class="label">kept</div><div class="big">{bytes(storage.bytes)}<small> of {bytes(storage.budget)}</small></div>
        <small>{data.oldestTrace === null ? "no trace yet" : `oldest trace ${age(news.now, data.oldestTrace)}`} · {number(storage.evicted)} evicted · <button class="quiet" onClick={() => { if (confirm("Delete everything that has arrived: traces, metrics, logs, groups, sampling rules, queues?")) void reset(); }}>clear</button></small></div>
      <svg class="spark" viewBox="0 0 110 32" aria-hidden="true"><rect class="track" y="14" width="110" height="6" rx="3" />
        <rect class="fill" y="14" width={Math.max(2, Math.min(110, (storage.bytes / storage.budget) * 110))} height="6" rx="3" /></svg>
    </div>
  </div>;
}

function Failing({ graph }: { graph: Graph | null }): JSX.Element {
  const rows = (graph?.nodes ?? []).filter((node) => node.kind !== "client").flatMap((node) => {
    const { ok, error, throttle, fault } = node.statistics;
    const all = ok + error + throttle + fault;
    const kinds = [["fault", fault], ["throttle", throttle], ["error", error]] as const;
    return kinds.filter(([, count]) => count > 0).map(([kind, count]) => ({ node, kind, share: count / all, count }));
  }).sort((a, b) => b.share - a.share).slice(0, 6);
  return <Panel title="Failing now">
    {rows.length === 0 ? <p class="note">nothing in this time range</p> : <table><tbody>
      {rows.map(({ node, kind, share, count }) => <tr key={node.name + kind}>
        <td><Dot outcome={kind} /> <a href={link("traces", { filter: `service(${quoted(node.name)}) { ${kind} }` })}>{node.name}</a></td>
        <td class="muted">{kind}</td><td class="right muted">{number(count)}</td><td class="right">{(share * 100).toFixed(1)} %</td>
      </tr>)}
    </tbody></table>}
  </Panel>;
}

function Rejected({ data }: { data: Overview }): JSX.Element {
  const { rejections, now } = data.news;
  return <Panel title="Rejected" aside={<span class="muted">{rejections.length > 0 && number(rejections.length)}</span>}>
    {rejections.length === 0 ? <p class="note">nothing</p> : <table class="fixed"><tbody>
      {rejections.slice(0, 5).map((rejection) => <tr key={rejection.at + rejection.message} title={rejection.message}>
        <td class="narrow muted">{age(now, rejection.at)}</td><td class="narrow">{rejection.what}</td><td class="cut"><code>{rejection.code}</code> {rejection.message}</td>
      </tr>)}
    </tbody></table>}
  </Panel>;
}

function Sampling({ data }: { data: Overview }): JSX.Element {
  const target = ({ rule }: Overview["rules"][number]): string => {
    const parts = [["service", rule.ServiceName], ["host", rule.Host], ["method", rule.HTTPMethod], ["path", rule.URLPath]];
    return parts.filter(([, pattern]) => pattern !== "*").map(([what, pattern]) => `${what} ${pattern}`).join(" · ") || "everything";
  };
  const percent = (rate: number): string => `${(rate * 100).toFixed(rate < 0.01 ? 2 : 0)} %`;
  return <Panel title="Sampling rules" aside={<span class="muted">what clients reported since the console started</span>}>
    <table class="fixed"><thead><tr>
      <th>rule</th><th class="narrow right">priority</th><th>for</th><th class="narrow right">per second</th><th class="narrow right">then</th>
      <th class="narrow right">clients</th><th class="narrow right">requests</th><th class="narrow right">sampled</th><th class="narrow right">last report</th>
    </tr></thead><tbody>
      {data.rules.map((entry) => <tr key={entry.rule.RuleName}>
        <td>{entry.rule.RuleName}</td><td class="narrow right muted">{entry.rule.Priority}</td><td class="cut muted">{target(entry)}</td>
        <td class="narrow right">{number(entry.rule.ReservoirSize)}</td><td class="narrow right">{percent(Math.max(entry.rule.FixedRate, entry.reports?.boostRate ?? 0))}{entry.reports?.boostRate == null ? "" : " boosted"}</td>
        <td class="narrow right">{number(entry.reports?.clients ?? 0)}</td><td class="narrow right">{number(entry.reports?.requests ?? 0)}</td>
        <td class="narrow right">{number(entry.reports?.sampled ?? 0)}</td><td class="narrow right muted">{entry.reports === null ? "none" : age(data.news.now, entry.reports.reported)}</td>
      </tr>)}
    </tbody></table>
  </Panel>;
}

function Calls({ data }: { data: Overview }): JSX.Element {
  const { calls } = data.news;
  return <Panel title="API calls" aside={<span class="muted">the last {Math.min(12, calls.length)}</span>}>
    {calls.length === 0 ? <p class="note">none yet</p> : <table class="fixed"><tbody>
      {calls.slice(0, 12).map((call) => <tr key={call.requestId}>
        <td class="narrow mono">{clock(call.at)}</td><td class="narrow muted">{call.service}</td><td>{call.operation}</td>
        <td class="narrow right"><Dot outcome={call.status < 400 ? "ok" : call.status < 500 ? "error" : "fault"} />{call.status}</td>
        <td class="narrow right muted">{duration(call.millis / 1e3)}</td><td class="cut muted">{call.error}</td>
      </tr>)}
    </tbody></table>}
  </Panel>;
}
