// Small pieces that several screens share.

import type { ComponentChildren, JSX } from "preact";
import type { Outcome, Statistics } from "./api";
import type { Loaded } from "./state";

/** A coloured shape with a title: colour never tells alone. */
export function Dot({ outcome }: { outcome: Outcome }): JSX.Element {
  const shape = { ok: "●", error: "▲", fault: "■", throttle: "◆", partial: "○" }[outcome];
  return <span class={`dot c-${outcome}`} title={outcome} role="img" aria-label={outcome}>{shape}</span>;
}

export function Spark({ values, kind }: { values: number[]; kind: string }): JSX.Element {
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => `${(at / Math.max(1, values.length - 1)) * 110},${30 - (value / most) * 26}`).join(" ");
  return <svg class={`spark ${kind}`} viewBox="0 0 110 32" aria-hidden="true"><polyline points={points} /></svg>;
}

export function Panel({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }): JSX.Element {
  return <section class="panel"><h2>{title}<span class="grow" />{aside}</h2>{children}</section>;
}

/** What there is before, instead of, and after data. */
export function States<T>({ loaded, children }: { loaded: Loaded<T>; children: (data: T) => ComponentChildren }): JSX.Element {
  return <>
    {loaded.error !== null && <p class="problem" role="alert">{loaded.error}</p>}
    {loaded.data === null ? (loaded.isLoading && <p class="note">loading</p>) : children(loaded.data)}
  </>;
}

export const total = (statistics: Statistics): number => statistics.ok + statistics.error + statistics.throttle + statistics.fault;
export const failed = (statistics: Statistics): number => statistics.error + statistics.throttle + statistics.fault;
