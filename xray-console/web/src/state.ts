// What the address bar holds, and when to look again.

import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api";

export interface Place { screen: string; id: string; query: URLSearchParams }

const read = (): Place => {
  const [path = "", search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", ...rest] = path.split("/");
  return { screen: screen || "overview", id: decoded(rest.join("/")), query: new URLSearchParams(search) };
};

/** An address that is written badly is taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A value of the address as it is at this moment: keys may come faster than the page is drawn. */
export const current = (name: string): string | null => read().query.get(name);

/** The current place; changes with the address bar. */
export function usePlace(): Place {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const changed = (): void => setPlace(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return place;
}

/** A link that keeps the time range. Empty values are left out. */
export function link(screen: string, changes: Record<string, string | null> = {}): string {
  const query = new URLSearchParams();
  for (const name of ["window", "from", "to"]) {
    const value = read().query.get(name);
    if (value !== null) query.set(name, value);
  }
  for (const [key, value] of Object.entries(changes)) {
    if (value !== null && value !== "") query.set(key, value);
  }
  const search = query.toString();
  return `#/${screen}${search === "" ? "" : `?${search}`}`;
}

/** Changes parts of the current place. */
export function change(changes: Record<string, string | null>, keepHistory = true): void {
  const place = read();
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") place.query.delete(key);
    else place.query.set(key, value);
  }
  const search = place.query.toString();
  const id = place.id === "" ? "" : `/${encodeURIComponent(place.id)}`;
  const hash = `#/${place.screen}${id}${search === "" ? "" : `?${search}`}`;
  if (keepHistory) location.hash = hash;
  else {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
}

export const WINDOWS: Record<string, number> = { "5m": 300, "15m": 900, "1h": 3600, "6h": 21600, "24h": 86400 };

/** The time range of a place, in epoch seconds: up to now, or what the address says. */
export function range(place: Place): { from: number; to: number; seconds: number } {
  const seconds = WINDOWS[place.query.get("window") ?? "15m"] ?? 900;
  const given = (name: string): number => Number(place.query.get(name) ?? "NaN");
  const to = Number.isFinite(given("to")) ? given("to") : Date.now() / 1e3 + 2;
  const from = Number.isFinite(given("from")) ? given("from") : to - seconds;
  return { from, to, seconds: Math.max(to - from, 1e-3) };
}

/** Changes with the time range. */
export const rangeKey = (place: Place): string => ["window", "from", "to"].map((name) => place.query.get(name) ?? "").join(" ");

type Listener = () => void;
const listeners = new Set<Listener>();
let isPaused = false;
let isConnected = false;

const PERIOD = 1000;

/** Asks once a second whether anything has arrived, while the page is visible. A stream would hold one of the six connections that a browser has
 * for all tabs of an origin. */
export function connect(): void {
  let known = -1;
  let timer = 0;
  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    if (document.hidden) return;
    const wasConnected = isConnected;
    let version = known;
    try {
      ({ version } = await get<{ version: number }>("version"));
      isConnected = true;
    } catch {
      isConnected = false;
    }
    const isNews = version !== known && !isPaused;
    if (isNews) known = version;
    if (isNews || isConnected !== wasConnected) listeners.forEach((listener) => listener());
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), PERIOD);
  };
  document.addEventListener("visibilitychange", () => void ask());
  void ask();
}

/** Whether the console answers, and a switch to hold updates. */
export function useLive(): { isLive: boolean; isPaused: boolean; toggle: () => void } {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = (): void => redraw((count) => count + 1);
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }, []);
  const toggle = (): void => {
    isPaused = !isPaused;
    listeners.forEach((listener) => listener());
  };
  return { isLive: isConnected && !isPaused, isPaused, toggle };
}

export interface Loaded<T> { data: T | null; error: string | null; isLoading: boolean }

/** Loads now, when `key` changes, and after arrivals, at most once a second. What is shown stays until there is better. */
export function useData<T>(key: string, load: () => Promise<T>, isLive = true): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ data: null, error: null, isLoading: true });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let isGone = false;
    let isBusy = false;
    let isWanted = false;
    const run = async (): Promise<void> => {
      if (isBusy) { isWanted = true; return; }
      isBusy = true;
      try {
        const data = await latest.current();
        if (!isGone) setState({ data, error: null, isLoading: false });
      } catch (error) {
        if (!isGone) setState((old) => ({ data: old.data, error: error instanceof Error ? error.message : String(error), isLoading: false }));
      }
      setTimeout(() => {
        isBusy = false;
        if (isWanted && !isGone) { isWanted = false; void run(); }
      }, 1000);
    };
    void run();
    const listener = (): void => void run();
    if (isLive) listeners.add(listener);
    return () => { isGone = true; listeners.delete(listener); };
  }, [key, isLive]);
  return state;
}
