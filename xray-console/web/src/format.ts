// Numbers and times as people read them.

/** Seconds as a duration: 0.0042 is "4.2 ms". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "open";
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.01) return `${(seconds * 1e3).toFixed(1)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1e3)} ms`;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  return `${seconds.toFixed(1)} s`;
}

let isUtc = localStorage.getItem("zone") === "UTC";

/** Whether times are shown in UTC, as AWS's tools print them, or in the browser's zone. */
export const showsUtc = (): boolean => isUtc;

export function switchZone(): void {
  isUtc = !isUtc;
  localStorage.setItem("zone", isUtc ? "UTC" : "local");
}

/** The zone's name, for titles. */
export const zone = (): string => (isUtc ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone);

/** Epoch seconds as ISO 8601 without its zone: date, T, time to the millisecond. */
function iso(seconds: number): string {
  const date = new Date(seconds * 1e3);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - (isUtc ? 0 : date.getTimezoneOffset() * 60e3)).toISOString().slice(0, 23);
}

/** Epoch seconds as the time of day; of another day than today with its date. */
export function clock(seconds: number): string {
  const [day = "", time = ""] = iso(seconds).split("T");
  const [today] = iso(Date.now() / 1e3).split("T");
  return day === today ? time : `${day.slice(5)} ${time}`;
}

/** For a field of date and time. */
export const fieldOf = (seconds: number): string => iso(seconds).slice(0, 19);

/** Epoch seconds of what such a field holds; null if it is empty. */
export function secondsOf(field: string): number | null {
  const time = Date.parse(isUtc ? `${field}Z` : field);
  return Number.isNaN(time) ? null : time / 1e3;
}

/** How long ago. */
export function age(now: number, at: number | null): string {
  if (at === null) return "never";
  const seconds = Math.max(0, now - at);
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ago`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m ago`;
}

export function bytes(count: number): string {
  if (count < 1 << 20) return `${Math.round(count / 1024)} kB`;
  if (count < 1 << 30) return `${(count / (1 << 20)).toFixed(1)} MB`;
  return `${(count / (1 << 30)).toFixed(1)} GB`;
}

export const number = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 2 });

/** The path of a URL, for lists. */
export function path(url: string | null): string {
  if (url === null) return "";
  const match = /^[a-z]+:\/\/[^/]+(\/.*)$/.exec(url);
  return match?.[1] ?? url;
}
