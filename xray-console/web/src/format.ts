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

/** Epoch seconds as the time of day. */
export function clock(seconds: number): string {
  const date = new Date(seconds * 1e3);
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
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
