// The shell: navigation, time range, theme, keys.

import { render, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "./style.css";
import { fieldOf, secondsOf, showsUtc, switchZone, zone } from "./format";
import { isTyping, KEYS } from "./keys";
import { LogsScreen } from "./logs";
import { MapScreen } from "./map";
import { MetricsScreen } from "./metrics";
import { OverviewScreen } from "./overview";
import { change, connect, link, range, useLive, usePlace, WINDOWS, type Place } from "./state";
import { TraceScreen } from "./trace/screen";
import { TracesScreen } from "./traces";

const SCREENS: [string, string][] = [["overview", "Overview"], ["traces", "Traces"], ["map", "Map"], ["metrics", "Metrics"], ["logs", "Logs"]];

function Screen({ place }: { place: Place }): JSX.Element {
  switch (place.screen) {
    case "traces": return <TracesScreen place={place} />;
    case "trace": return <TraceScreen key={place.id} place={place} />;
    case "map": return <MapScreen place={place} />;
    case "metrics": return <MetricsScreen place={place} />;
    case "logs": return <LogsScreen place={place} />;
    case "overview": return <OverviewScreen place={place} />;
    default: return <p class="note" role="alert">There is no screen “{place.screen}”. <a href={link("overview")}>To the overview</a></p>;
  }
}

function App(): JSX.Element {
  const place = usePlace();
  const live = useLive();
  const [isHelpOpen, setHelp] = useState(false);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (isTyping(event)) return;
      const screen = SCREENS[Number(event.key) - 1];
      if (screen !== undefined) location.hash = link(screen[0]);
      if (event.key === "?") setHelp((isOpen) => !isOpen);
      if (event.key === "Escape") setHelp(false);
      if (event.key === "p") live.toggle();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [live]);
  useEffect(() => {
    const name = SCREENS.find(([screen]) => screen === place.screen)?.[1] ?? (place.screen === "trace" ? `Trace ${place.id.slice(-8)}` : "");
    document.title = name === "" ? "console" : `${name} · console`;
  }, [place.screen, place.id]);
  const current = place.screen === "trace" ? "traces" : place.screen;
  return <>
    <header>
      <b>console</b>
      <nav>{SCREENS.map(([screen, name]) => <a key={screen} href={link(screen)} {...(current === screen ? { "aria-current": "page" as const } : {})}>{name}</a>)}</nav>
      <span class="grow" />
      <button class={`chip${live.isLive ? " live" : ""}`} onClick={live.toggle} title="hold and go on (p)">{live.isPaused ? "held" : live.isLive ? "live" : "not connected"}</button>
      <TimeRange place={place} />
      <button class="chip" onClick={() => { switchZone(); dispatchEvent(new HashChangeEvent("hashchange")); }} title={`times are in ${zone()}; switch`} aria-pressed={showsUtc()}>{showsUtc() ? "UTC" : "local"}</button>
      <button class="chip" onClick={switchTheme} title="dark or light">◐</button>
      <button class="chip" onClick={() => setHelp(!isHelpOpen)} title="keys (?)">?</button>
    </header>
    <main><Screen place={place} /></main>
    {isHelpOpen && <dialog open class="help"><h2>keys</h2><dl>{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl><button onClick={() => setHelp(false)}>close</button></dialog>}
  </>;
}

/** The last minutes or hours, or from and to. */
function TimeRange({ place }: { place: Place }): JSX.Element {
  const isGiven = place.query.has("from") || place.query.has("to");
  const { from, to } = range(place);
  const choose = (value: string): void => {
    if (value === "given") change({ from: String(Math.floor(from)), to: String(Math.ceil(to)) });
    else change({ window: value, from: null, to: null });
  };
  const field = (name: "from" | "to", seconds: number): JSX.Element => <input type="datetime-local" step="1" class="chip" aria-label={name} value={fieldOf(seconds)}
    onChange={(event) => { const at = secondsOf(event.currentTarget.value); if (at !== null) change({ [name]: String(at) }); }} />;
  return <>
    <select class="chip" value={isGiven ? "given" : (place.query.get("window") ?? "15m")} aria-label="time range" onChange={(event) => choose(event.currentTarget.value)}>
      {Object.keys(WINDOWS).map((name) => <option key={name} value={name}>last {name}</option>)}<option value="given">from … to …</option>
    </select>
    {isGiven && <>{field("from", from)}{field("to", to)}</>}
  </>;
}

const isDark = (): boolean => (document.documentElement.dataset["theme"] ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function switchTheme(): void {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme;
  localStorage.setItem("theme", theme);
}

const theme = localStorage.getItem("theme");
if (theme !== null) document.documentElement.dataset["theme"] = theme;
connect();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
