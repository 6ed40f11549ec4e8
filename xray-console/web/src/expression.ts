// Filter expressions as text: facets add and remove terms, the bar colours words.

/** A string of the language. */
export const quoted = (text: string): string => `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;

/** The name of an annotation: in brackets, unless it is a word. */
export const annotation = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? `annotation.${key}` : `annotation[${quoted(key)}]`);

/** Splits at AND outside of strings, blocks and parentheses. */
export function terms(expression: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let isText = false;
  let term = "";
  for (let at = 0; at < expression.length; at++) {
    const c = expression[at] ?? "";
    if (c === '"' && expression[at - 1] !== "\\") isText = !isText;
    if (!isText && "({".includes(c)) depth++;
    if (!isText && ")}".includes(c)) depth--;
    const isAnd = !isText && depth === 0 && /^\sAND\s/i.test(expression.slice(at, at + 5));
    if (isAnd) {
      found.push(term.trim());
      term = "";
      at += 3;
    } else term += c;
  }
  found.push(term.trim());
  return found.filter((part) => part !== "");
}

export const hasTerm = (expression: string, term: string): boolean => terms(expression).includes(term);

/** Adds the term, or takes it away if it is there. */
export function toggleTerm(expression: string, term: string): string {
  const known = terms(expression);
  const left = known.filter((part) => part !== term);
  if (left.length < known.length) return left.join(" AND ");
  const safe = known.map((part) => (/\sOR\s/i.test(part) && !part.startsWith("(") ? `(${part})` : part));
  return [...safe, term].join(" AND ");
}

export type Word = { text: string; kind: "keyword" | "text" | "number" | "operator" | "plain" };

const KEYWORDS = new Set("ok error throttle fault partial inferred root first last remote responsetime duration http.status http.url http.method http.useragent http.clientip user name type message service edge annotation group.name availabilityzone instance.id resource.arn coverage index".split(" "));
const OPERATORS = new Set("and or not contains beginswith endswith true false".split(" "));

/** Cuts an expression into coloured words; joined they are the expression again. */
export function words(expression: string): Word[] {
  const found = expression.match(/"(?:[^"\\]|\\.)*"?|[A-Za-z_][\w.]*|-?\d[\d.]*|\s+|./gs) ?? [];
  return found.map((text) => {
    const lower = text.toLowerCase();
    if (text.startsWith('"')) return { text, kind: "text" };
    if (KEYWORDS.has(lower) || lower.startsWith("annotation.") || lower.startsWith("rootcause.")) return { text, kind: "keyword" };
    if (OPERATORS.has(lower) || /^[=!<>]+$/.test(text)) return { text, kind: "operator" };
    if (/^-?\d/.test(text)) return { text, kind: "number" };
    return { text, kind: "plain" };
  });
}

/** What the word under the cursor could become. */
export function completions(word: string, known: string[]): string[] {
  const lower = word.toLowerCase();
  if (lower.length === 0) return [];
  return known.filter((candidate) => candidate.toLowerCase().startsWith(lower) && candidate !== word).slice(0, 8);
}

export const VOCABULARY = [...KEYWORDS].filter((word) => word !== "annotation" && word !== "service" && word !== "edge");
