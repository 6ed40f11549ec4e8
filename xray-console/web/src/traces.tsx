// The list: a filter bar that writes expressions, facets that write into the bar.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, type Outcome, type TraceList, type TraceRow } from "./api";
import { Empty } from "./empty";
import { annotation, completions, hasTerm, quoted, toggleTerm, VOCABULARY, words } from "./expression";
import { clock, duration, number, path } from "./format";
import { Dot, States } from "./parts";
import { change, current, link, range, rangeKey, useData, type Place } from "./state";
import { isTyping } from "./keys";

export function TracesScreen({ place }: { place: Place }): JSX.Element {
  const filter = place.query.get("filter") ?? "";
  const key = `traces ${rangeKey(place)} ${filter}`;
  const [progress, setProgress] = useState<TraceList | null>(null);
  // A search that reads more than one answer is not begun again with each arrival.
  const isDeep = filter !== "" && (progress?.read ?? 0) > FIRST;
  useEffect(() => setProgress(null), [key]);
  const loaded = useData(key, () => search({ ...range(place), filter }, setProgress), !isDeep);
  const rows = loaded.data?.rows ?? [];
  // An id: what arrives moves the rows, not the selection.
  const selected = place.query.get("at");
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (isTyping(event)) return;
      const selected = current("at");
      const at = rows.findIndex((row) => row.id === selected);
      const go = (next: number): void => { const row = rows[Math.min(Math.max(next, 0), rows.length - 1)]; if (row) change({ at: row.id }, false); };
      if (event.key === "j") go(at + 1);
      if (event.key === "k") go(at - 1);
      if (event.key === "Enter" && selected !== null && !["A", "BUTTON"].includes(document.activeElement?.tagName ?? "")) location.hash = link(`trace/${selected}`);
      if (event.key === "c" && selected !== null) void navigator.clipboard.writeText(selected);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [rows]);
  return <div class="with-side">
    <aside>{loaded.data !== null && <Facets list={loaded.data} filter={filter} />}</aside>
    <section class="panel">
      <FilterBar filter={filter} error={loaded.error} list={loaded.data} />
      {loaded.data === null && progress !== null && <p class="note" role="status">Searching: {number(progress.read)} of {number(progress.inRange)} traces read, {number(progress.matching)} match.</p>}
      <States loaded={{ ...loaded, error: null, isLoading: loaded.isLoading && progress === null }}>{(list) => <>
        <Latency list={list} />
        {list.matching === 0 ? (filter === "" ? <Empty /> : <p class="note">No trace in this time range matches. All {number(list.read)} were read.</p>)
          : <TraceRows rows={list.rows} selected={selected} />}
      </>}</States>
    </section>
  </div>;
}

/** Traces that the first answer reads. */
const FIRST = 5000;
/** Rows that are shown at most. */
const ROWS = 200;

/** Reads on until there are enough rows or no more traces: a filter that matches little is not cut. */
async function search(query: Record<string, string | number>, tell: (list: TraceList) => void): Promise<TraceList> {
  let list = await get<TraceList>("traces", query);
  while (list.next !== null && query["filter"] !== "" && list.rows.length < ROWS) {
    tell(list);
    const more = await get<TraceList>("traces", { ...query, after: list.next });
    list = {
      rows: [...list.rows, ...more.rows].slice(0, ROWS), matching: list.matching + more.matching, read: list.read + more.read,
      inRange: more.inRange, next: more.next, latency: list.matching > 0 ? list.latency : more.latency, facets: list.matching > 0 ? list.facets : more.facets,
    };
  }
  tell(list);
  return list;
}

function Latency({ list }: { list: TraceList }): JSX.Element {
  const { p50, p90, p99, max } = list.latency;
  const over = (seconds: number | null): void => { if (seconds !== null) setFilter((filter) => toggleTerm(filter, `responsetime >= ${roundedDown(seconds)}`)); };
  const cell = (name: string, seconds: number | null): JSX.Element => <button class="stat" title="filter what is slower" onClick={() => over(seconds)}>{name} <b>{seconds === null ? "–" : duration(seconds)}</b></button>;
  return <div class="strip">
    <span><b>{number(list.matching)}</b> of {number(list.read)} traces{list.next !== null && `, the newest of ${number(list.inRange)} in this time range`}{list.matching > list.rows.length && `; ${list.rows.length} shown`}</span>
    {list.next !== null && list.rows.length > 0 && <button onClick={() => change({ to: String(list.rows.at(-1)?.start ?? "") })} title="the traces before the last of these">older</button>}
    <span class="grow" />{cell("p50", p50)}{cell("p90", p90)}{cell("p99", p99)}{cell("max", max)}
  </div>;
}

/** To three digits, and not above: what is filtered by it is among what is found. */
function roundedDown(seconds: number): string {
  const unit = 10 ** (Math.floor(Math.log10(seconds)) - 2);
  return seconds > 0 ? String(Number((Math.floor(seconds / unit) * unit).toPrecision(3))) : "0";
}

const setFilter = (edit: (filter: string) => string): void => {
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  change({ filter: edit(query.get("filter") ?? "") });
};

function FilterBar({ filter, error, list }: { filter: string; error: string | null; list: TraceList | null }): JSX.Element {
  const [text, setText] = useState(filter);
  const [isOpen, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(filter), [filter]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === "/" && !isTyping(event)) { event.preventDefault(); input.current?.focus(); }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const word = /[\w.("]*$/.exec(text)?.[0] ?? "";
  const known = [...VOCABULARY, ...(list?.facets.services ?? []).map(({ name }) => `service(${quoted(name)})`), ...(list?.facets.annotations ?? []).map(({ key }) => annotation(key))];
  const offers = isOpen ? completions(word, known) : [];
  const take = (offer: string): void => { setText(text.slice(0, text.length - word.length) + offer); input.current?.focus(); };
  return <form class="filter" onSubmit={(event) => { event.preventDefault(); setOpen(false); change({ filter: text.trim() }); }}>
    <div class={`query${error === null ? "" : " bad"}`}>
      <div class="ink" aria-hidden="true">{words(text).map((part, at) => <span key={at} class={`w-${part.kind}`}>{part.text}</span>)}</div>
      <input ref={input} value={text} spellcheck={false} autocomplete="off" aria-label="filter expression" placeholder='service("orders") { fault } AND responsetime > 0.5    (press /)'
        onInput={(event) => { setText(event.currentTarget.value); setOpen(true); }}
        onKeyDown={(event) => { if (event.key === "Tab" && offers[0] !== undefined) { event.preventDefault(); take(offers[0]); } if (event.key === "Escape") { setOpen(false); event.currentTarget.blur(); } }} />
      {offers.length > 0 && <ul class="offers">{offers.map((offer) => <li key={offer}><button type="button" tabIndex={-1} onMouseDown={(event) => { event.preventDefault(); take(offer); }}>{offer}</button></li>)}</ul>}
    </div>
    <button type="submit">filter</button>
    {filter !== "" && <button type="button" onClick={() => change({ filter: null })}>clear</button>}
    {error !== null && <p class="problem" role="alert">{error}</p>}
  </form>;
}

function Facets({ list, filter }: { list: TraceList; filter: string }): JSX.Element {
  const item = (term: string, label: JSX.Element | string, count: number): JSX.Element => <li key={term}>
    <button class={hasTerm(filter, term) ? "on" : ""} aria-pressed={hasTerm(filter, term)} onClick={() => setFilter((filter) => toggleTerm(filter, term))}><span class="cut">{label}</span><span class="muted">{number(count)}</span></button></li>;
  const { outcomes, services, users, annotations } = list.facets;
  const order: Outcome[] = ["ok", "error", "throttle", "fault", "partial"];
  return <nav class="facets" aria-label="facets">
    <h3>status</h3><ul>{order.filter((name) => (outcomes[name] ?? 0) > 0).map((name) => item(name, <><Dot outcome={name} /> {name}</>, outcomes[name] ?? 0))}</ul>
    <h3>latency</h3><ul>{[0.1, 0.5, 1, 5].map((seconds) => <li key={seconds}><button class={hasTerm(filter, `responsetime > ${seconds}`) ? "on" : ""} onClick={() => setFilter((filter) => toggleTerm(filter, `responsetime > ${seconds}`))}>over {duration(seconds)}</button></li>)}</ul>
    <h3>service</h3><ul>{services.map(({ name, count }) => item(`service(${quoted(name)})`, name, count))}</ul>
    {users.length > 0 && <><h3>user</h3><ul>{users.map(({ name, count }) => item(`user = ${quoted(name)}`, name, count))}</ul></>}
    {annotations.map(({ key, values, distinct }) => <div key={key}><h3>{key} <small>{distinct > values.length && `${values.length} of ${number(distinct)}`}</small></h3>
      <ul>{values.map(({ text, count, isText }) => item(`${annotation(key)} = ${isText ? quoted(text) : text}`, text, count))}</ul></div>)}
  </nav>;
}

/** Rows of traces, used here and on the overview. */
export function TraceRows({ rows, selected }: { rows: TraceRow[]; selected: string | null }): JSX.Element {
  const chosen = useRef<HTMLTableRowElement>(null);
  useEffect(() => chosen.current?.scrollIntoView({ block: "nearest" }), [selected]);
  const longest = Math.max(1e-6, ...rows.map((row) => row.duration ?? 0));
  return <table class="fixed traces"><tbody>
    {rows.map((row) => <tr key={row.id} class={`link${row.id === selected ? " selected" : ""}`} ref={row.id === selected ? chosen : null} onClick={(event) => open(event, row)}>
      <td class="time mono">{clock(row.start)}</td>
      <td class="cut"><Dot outcome={row.outcome} /> <a href={link(`trace/${row.id}`)}>{row.method === null ? (row.name ?? `trace ${row.id}`) : `${row.method} ${path(row.url)}`}</a> {row.method !== null && <span class="muted">{row.name}</span>}</td>
      <td class="code mono">{row.status}</td>
      <td class="cut muted">{row.cause ?? [`${row.services} services · ${row.entities}`, ...row.annotations].join(" · ")}</td>
      <td class="bar"><i class={`b-${row.outcome}`} ref={width(((row.duration ?? 0) / longest) * 100)} /></td>
      <td class="took right mono">{duration(row.responseTime ?? row.duration)}</td>
    </tr>)}
  </tbody></table>;
}

/** Opens the row's trace, but not when text was selected or its link was clicked. */
function open(event: MouseEvent, row: TraceRow): void {
  const isOnLink = event.target instanceof Element && event.target.closest("a") !== null;
  if (!isOnLink && String(getSelection() ?? "") === "") location.hash = link(`trace/${row.id}`);
}

/** Sets a width through the object model, which a strict content policy allows. */
const width = (percent: number) => (element: HTMLElement | null): void => { element?.style.setProperty("width", `${Math.max(1, percent)}%`); };
