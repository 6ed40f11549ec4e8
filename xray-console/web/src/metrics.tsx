// Find a metric, look at its graph.

import type { JSX } from "preact";
import { get, type Metric, type Point } from "./api";
import { Empty } from "./empty";
import { clock, number } from "./format";
import { Panel, States } from "./parts";
import { change, range, rangeKey, useData, type Place } from "./state";

const STATISTICS = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"] as const;
type Statistic = (typeof STATISTICS)[number];

const keyOf = (metric: Metric): string => JSON.stringify([metric.namespace, metric.name, metric.dimensions, metric.unit]);
const describe = (metric: Metric): string => metric.dimensions.map(([name, value]) => `${name}=${value}`).join(" ");

export function MetricsScreen({ place }: { place: Place }): JSX.Element {
  const loaded = useData("metrics", () => get<Metric[]>("metrics"));
  const find = place.query.get("find") ?? "";
  return <States loaded={loaded}>{(metrics) => {
    const wanted = find.toLowerCase().split(/\s+/);
    const found = metrics.filter((metric) => wanted.every((word) => keyOf(metric).toLowerCase().includes(word)));
    const selected = found.find((metric) => keyOf(metric) === place.query.get("metric")) ?? found[0];
    return metrics.length === 0 ? <Empty /> : <div class="with-side">
      <aside><nav class="facets" aria-label="metrics">
        <input type="search" value={find} placeholder="find a metric" aria-label="find a metric" onInput={(event) => change({ find: event.currentTarget.value }, false)} />
        <ul>{found.slice(0, 300).map((metric) => <li key={keyOf(metric)}><button class={metric === selected ? "on" : ""} onClick={() => change({ metric: keyOf(metric) })}>
          <span class="cut">{metric.name} <small>{metric.namespace} {describe(metric)}</small></span></button></li>)}</ul>
        {found.length > 300 && <p class="note">300 of {number(found.length)} shown</p>}
      </nav></aside>
      {selected === undefined ? <p class="note">no metric matches</p> : <MetricPanel key={keyOf(selected)} metric={selected} place={place} />}
    </div>;
  }}</States>;
}

function value(point: Point, statistic: Statistic): number {
  return { Sum: point.sum, Average: point.sum / point.count, Minimum: point.min, Maximum: point.max, SampleCount: point.count }[statistic];
}

function MetricPanel({ metric, place }: { metric: Metric; place: Place }): JSX.Element {
  const { seconds } = range(place);
  const period = seconds <= 300 ? 1 : seconds <= 900 ? 10 : seconds <= 3600 ? 60 : 300;
  const statistic = STATISTICS.find((name) => name === place.query.get("statistic")) ?? (metric.unit === "Count" ? "Sum" : "Average");
  const { namespace, name, dimensions, unit } = metric;
  const key = `${keyOf(metric)} ${rangeKey(place)}`;
  const loaded = useData(key, () => get<Point[]>("metric", { namespace, name, dimensions: JSON.stringify(dimensions), unit, ...range(place), period }));
  return <Panel title={name} aside={<>
    <span class="muted">{namespace} {describe(metric)} · {unit} per {period} s</span>
    <select value={statistic} aria-label="statistic" onChange={(event) => change({ statistic: event.currentTarget.value })}>{STATISTICS.map((name) => <option key={name}>{name}</option>)}</select>
  </>}>
    <States loaded={loaded}>{(points) => points.length === 0 ? <p class="note">no data in this time range</p>
      : <Chart points={points} statistic={statistic} from={range(place).from} to={range(place).to} />}</States>
  </Panel>;
}

/** A line with its axes; the table below says the same for those who do not see it. */
function Chart({ points, statistic, from, to }: { points: Point[]; statistic: Statistic; from: number; to: number }): JSX.Element {
  const [wide, high] = [960, 320];
  const values = points.map((point) => value(point, statistic));
  const most = Math.max(...values, 1e-9);
  const least = Math.min(0, ...values);
  const x = (time: number): number => 60 + ((time - from) / (to - from)) * (wide - 80);
  const y = (value: number): number => high - 30 - ((value - least) / (most - least)) * (high - 50);
  const line = points.map((point, at) => `${x(point.start).toFixed(1)},${y(values[at] ?? 0).toFixed(1)}`).join(" ");
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return <>
    <svg class="chart" viewBox={`0 0 ${wide} ${high}`} role="img" aria-label={`${statistic}, ${points.length} points, from ${number(Math.min(...values))} to ${number(most)}`}>
      {ticks.map((share) => { const at = least + (most - least) * share; return <g key={share}><line class="grid" x1="60" x2={wide - 20} y1={y(at)} y2={y(at)} /><text x="52" y={y(at) + 4} text-anchor="end">{number(at)}</text></g>; })}
      {ticks.map((share) => { const at = from + (to - from) * share; return <text key={share} x={Math.min(x(at), wide - 40)} y={high - 8} text-anchor="middle">{clock(at).replace(/\.\d+$/, "")}</text>; })}
      <polyline class="line" points={line} />
      {points.map((point, at) => <circle key={point.start} class="point" r="2.5" cx={x(point.start)} cy={y(values[at] ?? 0)}><title>{`${clock(point.start)}  ${number(values[at] ?? 0)}`}</title></circle>)}
    </svg>
    <details><summary>as a table</summary><table><tbody>{[...points].reverse().map((point) => <tr key={point.start}><td class="mono">{clock(point.start)}</td><td class="right mono">{number(value(point, statistic))}</td></tr>)}</tbody></table></details>
  </>;
}
