// The keyboard.

/** Whether the key belongs to a field. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return event.metaKey || event.ctrlKey || event.altKey || (target instanceof HTMLElement && ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

export const KEYS: [string, string][] = [
  ["1 … 5", "overview, traces, map, metrics, logs"],
  ["/", "find in the trace, or edit the filter"],
  ["j k", "next and previous row"],
  ["h l", "close and open a row"],
  ["[ ]", "previous and next failure in the trace"],
  ["Enter", "open the trace"],
  ["c", "copy the trace id"],
  ["p", "hold and go on with live updates"],
  ["?", "these keys"],
];
