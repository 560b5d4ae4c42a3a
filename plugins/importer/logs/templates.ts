/**
 * Finds the templates of paths: `/orders/1001` and `/orders/1002` are both `/orders/:id`.
 *
 * @module
 */

/** Number of different segments at one place from which on they are taken for values of a parameter. */
const MANY = 30;

/** Greatest number of places that are kept apart. */
const MOST_NODES = 200_000;

/** Segments that are an id by their form: numbers, UUIDs, hexadecimal and Base64 texts, addresses. */
const IDS: readonly RegExp[] = [
  /^[+-]?\d+(?:\.\d+)?$/,
  /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  /^(?=.*\d)[0-9a-f]{8,}$/i,
  /^(?=.*\d)(?=.*[A-Za-z])[\w-]{16,}={0,2}$/,
  /^[^@/]+(?:@|%40)[^@/]+\.[a-z]{2,}$/i,
  /^\d{4}-\d{2}-\d{2}(?:T.*)?$/,
];

/** Returns whether a segment is an id by its form. */
export function isId(segment: string): boolean {
  return segment.length <= 512 && IDS.some((form) => form.test(segment));
}

/** Path with each id in place of its form, such as `/orders/:id`. */
export function templateByForm(pathname: string): string {
  return named(
    segmentsOf(pathname).map((segment) => isId(segment) ? null : segment),
    pathname,
  );
}

function segmentsOf(pathname: string): string[] {
  return pathname.split("/").filter((segment) => segment !== "");
}

/** Joins segments; null stands for a parameter, which is named after the segment before. */
function named(
  segments: readonly (string | null)[],
  pathname: string,
): string {
  const names = new Map<string, number>();
  return `/${
    segments.map((segment, index) => {
      if (segment !== null) return segment;
      const before = segments[index - 1];
      const word = typeof before === "string"
        ? before.replaceAll(/[^A-Za-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "")
        : "";
      const base = /^[A-Za-z]\w*$/.test(word) ? `${singular(word)}Id` : "id";
      const count = (names.get(base) ?? 0) + 1;
      names.set(base, count);
      return `:${base}${count === 1 ? "" : count}`;
    }).join("/")
  }${segments.length > 0 && pathname.endsWith("/") ? "/" : ""}`;
}

function singular(word: string): string {
  if (/ies$/i.test(word)) return `${word.slice(0, -3)}y`;
  return /[^s]s$/i.test(word) ? word.slice(0, -1) : word;
}

interface Node {
  /** Children by segment. */
  readonly children: Map<string, Node>;
  /** Child for ids and for many different segments. */
  any: Node | undefined;
  /** Number of paths that led here. */
  count: number;
}

/**
 * A tree of paths. Segments that are ids by their form, and segments of which there are many different ones at a place, become
 * parameters; what lay below them is joined.
 */
export class PathTree {
  readonly #root: Node = newNode();
  #nodes = 1;

  /** Counts a path. */
  add(pathname: string): void {
    let node = this.#root;
    node.count++;
    for (const segment of segmentsOf(pathname)) {
      node = this.#child(node, segment);
      node.count++;
    }
  }

  #child(node: Node, segment: string): Node {
    if (isId(segment)) return this.#any(node);
    let child = node.children.get(segment);
    if (child !== undefined) return child;
    if (this.#nodes >= MOST_NODES) return this.#any(node);
    child = newNode();
    this.#nodes++;
    node.children.set(segment, child);
    return child;
  }

  #any(node: Node): Node {
    if (node.any === undefined) {
      node.any = newNode();
      this.#nodes++;
    }
    return node.any;
  }

  /** Joins places with many different segments. To be called once, after all paths were added. */
  settle(): void {
    const open = [this.#root];
    for (const node of open) {
      const { children } = node;
      // Many names that are seldom asked for are values; many that are often asked for are resources.
      const rare = [...children].filter(([, child]) =>
        child.count * MANY < node.count
      );
      if (rare.length > MANY) {
        const any = this.#any(node);
        for (const [segment, child] of rare) {
          children.delete(segment);
          merge(any, child);
        }
      }
      open.push(
        ...children.values(),
        ...node.any === undefined ? [] : [node.any],
      );
    }
  }

  /** Returns the template of a path that was added. */
  templateOf(pathname: string): string {
    let node: Node | undefined = this.#root;
    return named(
      segmentsOf(pathname).map((segment): string | null => {
        const child: Node | undefined = isId(segment)
          ? undefined
          : node?.children.get(segment);
        node = child ?? node?.any;
        return child === undefined ? null : segment;
      }),
      pathname,
    );
  }
}

function newNode(): Node {
  return { children: new Map(), any: undefined, count: 0 };
}

function merge(into: Node, from: Node): void {
  into.count += from.count;
  for (const [segment, child] of from.children) {
    const known = into.children.get(segment);
    if (known === undefined) into.children.set(segment, child);
    else merge(known, child);
  }
  if (from.any === undefined) return;
  if (into.any === undefined) into.any = from.any;
  else merge(into.any, from.any);
}
