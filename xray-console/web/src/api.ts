// The page's data, as the console serves it under /api.

export type Outcome = "ok" | "error" | "fault" | "throttle" | "partial";

export interface Arrivals { perSecond: number[]; total: number; lastAt: number | null }
export interface Call { at: number; service: string; operation: string; status: number; millis: number; error: string | null; requestId: string }
export interface Rejection { at: number; what: string; id: string | null; code: string; message: string }
export interface Overview {
  news: { now: number; segments: Arrivals; metrics: Arrivals; logs: Arrivals; calls: Call[]; rejections: Rejection[] };
  storage: { bytes: number; budget: number; evicted: number };
  oldestTrace: number | null;
  rules: SamplingRule[];
}
export interface SamplingRule {
  rule: { RuleName: string; Priority: number; FixedRate: number; ReservoirSize: number; ServiceName: string; Host: string; HTTPMethod: string; URLPath: string };
  modified: number;
  reports: { clients: number; requests: number; sampled: number; borrowed: number; anomalies: number; reported: number; boostRate: number | null } | null;
}

export interface TraceRow {
  id: string; start: number; duration: number | null; responseTime: number | null; name: string | null; method: string | null;
  url: string | null; status: number | null; outcome: Outcome; services: number; entities: number; annotations: string[];
  users: string[]; cause: string | null;
}
export interface Counted { name: string; count: number }
export interface AnnotationFacet { key: string; distinct: number; values: { text: string; count: number; isText: boolean }[] }
export interface TraceList {
  rows: TraceRow[]; matching: number;
  /** Traces that were read, of those in the time range; `next` asks for the rest. */
  read: number; inRange: number; next: string | null;
  facets: { outcomes: Partial<Record<Outcome, number>>; services: Counted[]; users: Counted[]; annotations: AnnotationFacet[] };
  latency: { p50: number | null; p90: number | null; p99: number | null; max: number | null };
}

export interface LogLine { id: number; group: string; stream: string; timestamp: number; ingestion: number; message: string; traceId: string | null }

export interface SegmentDocument {
  name: string; id: string; start_time: number; end_time?: number; trace_id?: string; parent_id?: string; type?: string;
  error?: boolean; fault?: boolean; throttle?: boolean; namespace?: string; origin?: string; user?: string;
  http?: { request?: Record<string, unknown>; response?: { status?: number; content_length?: number } };
  sql?: Record<string, unknown>; aws?: Record<string, unknown>;
  cause?: string | { exceptions?: Exception[] }; links?: unknown;
  annotations?: Record<string, string | number | boolean>; metadata?: unknown; subsegments?: SegmentDocument[];
}
export interface Exception { id: string; message?: string; type?: string; cause?: string; stack?: { path?: string; line?: number; label?: string }[]; truncated?: number }
export interface TraceData { documents: SegmentDocument[]; logs: LogLine[] }

export interface Statistics { ok: number; error: number; throttle: number; fault: number; seconds: number }
export interface GraphNode { name: string; kind: string | null; is_root: boolean; is_inferred: boolean; statistics: Statistics; edges: Record<string, Statistics>;
  /** The names of those that are folded into this one. */
  members?: string[];
}
export interface Graph { nodes: GraphNode[] }

export interface Metric { namespace: string; name: string; dimensions: [string, string][]; unit: string }
export interface Point { start: number; count: number; sum: number; min: number; max: number }

/** The last answer that has a tag: it is not sent again while it is right. */
let tagged: { path: string; tag: string; data: unknown } | null = null;

/** Fetches JSON; an error carries what the console said. */
export async function get<T>(path: string, query: Record<string, string | number> = {}): Promise<T> {
  const search = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  const known = tagged?.path === path ? tagged : null;
  const response = await fetch(`/api/${path}?${search}`, { cache: "no-store", headers: known === null ? {} : { "if-none-match": known.tag } });
  if (response.status === 304 && known !== null) return known.data as T;
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    const said = body !== null && typeof body === "object" && "message" in body ? String(body.message) : response.statusText;
    throw new Error(said);
  }
  const data = await response.json() as T;
  const tag = response.headers.get("etag");
  if (tag !== null) tagged = { path, tag, data };
  return data;
}

/** Deletes everything that has arrived. */
export async function reset(): Promise<void> {
  await fetch("/reset", { method: "POST", headers: { "x-console-reset": "yes" } });
}

/** Stores a made-up trace, so that an empty page has something to show. */
export async function sendSample(): Promise<void> {
  await fetch("/api/sample", { method: "POST" });
}
