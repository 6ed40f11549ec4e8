// The tail: newest first, searched with filter patterns, each line a way to its trace.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type LogLine } from "./api";
import { Empty } from "./empty";
import { clock, number } from "./format";
import { States } from "./parts";
import { change, link, range, rangeKey, useData, type Place } from "./state";

export function LogsScreen({ place }: { place: Place }): JSX.Element {
  const [group, pattern] = [place.query.get("group") ?? "", place.query.get("pattern") ?? ""];
  const key = `logs ${rangeKey(place)} ${group} ${pattern}`;
  const loaded = useData(key, () => get<{ groups: string[]; lines: LogLine[] }>("logs", { ...range(place), group, pattern }));
  const [text, setText] = useState(pattern);
  const opened = Number(place.query.get("at") ?? "NaN");
  const toggle = (event: MouseEvent, id: number): void => {
    const isOnLink = event.target instanceof Element && event.target.closest("a") !== null;
    if (!isOnLink && String(getSelection() ?? "") === "") change({ at: opened === id ? null : String(id) }, false);
  };
  return <section class="panel">
    <form class="filter" onSubmit={(event) => { event.preventDefault(); change({ pattern: text.trim() }); }}>
      <select value={group} aria-label="log group" onChange={(event) => change({ group: event.currentTarget.value })}>
        <option value="">all groups</option>{(loaded.data?.groups ?? []).map((name) => <option key={name} value={name}>{name}</option>)}
      </select>
      <div class="query"><input value={text} aria-label="filter pattern" placeholder='ERROR "no answer" -health' spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} /></div>
      <button type="submit">search</button>
    </form>
    <States loaded={loaded}>{({ groups, lines }) => groups.length === 0 ? <Empty /> : <>
      <div class="strip"><span><b>{number(lines.length)}</b> {lines.length === 1 ? "line" : "lines"}, newest first{lines.length === 500 && ", the newest 500"}</span></div>
      <table class="fixed logs"><tbody>{lines.map((line) => <><tr key={line.id} class="link" onClick={(event) => toggle(event, line.id)}>
        <td class="time mono"><button class="twist" aria-expanded={opened === line.id} aria-label={opened === line.id ? "close the line" : "open the line"}>{opened === line.id ? "▾" : "▸"}</button>{clock(line.timestamp / 1e3)}</td>
        <td class="cut mono"><Message text={line.message} /></td>
        <td class="chip">{line.traceId !== null && <a href={link(`trace/${line.traceId}`)} title={line.traceId}>trace {line.traceId.slice(-6)}</a>}</td>
        <td class="narrow muted cut">{line.stream}</td>
      </tr>{opened === line.id && <tr key={`${line.id} open`}><td colSpan={4} class="opened"><pre>{whole(line.message)}</pre><p class="muted">{line.group} · {line.stream} · arrived {clock(line.ingestion / 1e3)}</p></td></tr>}</>)}</tbody></table>
    </>}</States>
  </section>;
}

/** Colours of terminals are no text. */
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, "");

/** The whole line; JSON with a line per field. */
function whole(message: string): string {
  if (/^\s*[[{]/.test(message)) {
    try {
      return JSON.stringify(JSON.parse(message), null, 2);
    } catch {
      // No JSON after all: shown as it is.
    }
  }
  return plain(message);
}

/** A JSON line shows its level and message first. */
export function Message({ text: raw }: { text: string }): JSX.Element {
  const text = plain(raw);
  if (text.startsWith("{")) {
    try {
      const { level, message, ...rest } = JSON.parse(text) as Record<string, unknown>;
      if (typeof message === "string") {
        const more = Object.entries(rest).filter(([key]) => !["timestamp", "time", "traceId", "trace_id"].includes(key)).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
        const name = typeof level === "string" ? level : level === undefined ? "" : JSON.stringify(level);
        return <><span class={`level l-${name.toLowerCase()}`}>{name}</span> {message} <span class="muted">{more.join(" ")}</span></>;
      }
    } catch {
      // No JSON after all: shown as it is.
    }
  }
  return <>{text}</>;
}
