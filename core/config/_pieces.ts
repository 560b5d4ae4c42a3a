/**
 * Carries a JSON value from one thread to another in pieces of limited size, so that the receiver is never kept for long.
 *
 * @module
 */
import { parseJson } from "../lib/written_number.ts";

/** Default length from which a piece gets no further entries, in characters. */
const LENGTH = 65_536;

/** Entries of a list or an object, or a list or an object that is large itself. */
export type Piece =
  | {
    /** Index of the list or object to which the entries belong. */
    readonly into: number;
    /** A list or an object with the entries, as JSON. */
    readonly json: string;
    readonly open?: undefined;
  }
  | {
    /** Index of the list or object to which the new one belongs. */
    readonly into: number;
    /** Key within an object; undefined within a list. */
    readonly key: string | undefined;
    /** Kind of the new list or object, which gets the next index. */
    readonly open: "list" | "object";
    readonly json?: undefined;
  };

/** A list or an object. */
type Container = Record<string, unknown> | unknown[];

/**
 * Takes a value apart.
 *
 * @param value any JSON value. A list or object that is part of it several times is written as often
 * @param most length from which a piece gets no further entries, in characters
 */
export function* piecesOf(
  value: unknown,
  most = LENGTH,
): Generator<Piece, void> {
  const lengths = new Map<object, number>();
  let containers = 1;
  function* within(list: Container, into: number): Generator<Piece, void> {
    let group = new Group(list);
    for (const [key, part] of Object.entries(list)) {
      const length = lengthOf(part, lengths);
      if (length > most && typeof part === "object" && part !== null) {
        if (!group.empty) yield { into, json: group.json };
        group = new Group(list);
        const isList = Array.isArray(part);
        yield {
          into,
          key: Array.isArray(list) ? undefined : key,
          open: isList ? "list" : "object",
        };
        yield* within(part as Container, containers++);
        continue;
      }
      group.add(key, part, length);
      if (group.length < most) continue;
      yield { into, json: group.json };
      group = new Group(list);
    }
    if (!group.empty) yield { into, json: group.json };
  }
  yield* within([value], 0);
}

/** Entries of one list or object that travel together. */
class Group {
  length = 0;
  readonly #list: boolean;
  readonly #entries: [key: string, value: unknown][] = [];

  constructor(of: Container) {
    this.#list = Array.isArray(of);
  }

  get empty(): boolean {
    return this.#entries.length === 0;
  }

  add(key: string, value: unknown, length: number): void {
    this.#entries.push([key, value]);
    this.length += key.length + length;
  }

  get json(): string {
    return JSON.stringify(
      this.#list
        ? this.#entries.map(([, value]) => value)
        : Object.fromEntries(this.#entries),
    );
  }
}

/** Returns about the length of a value as JSON. That of each list and object is computed once. */
function lengthOf(value: unknown, known: Map<object, number>): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  const length = known.get(value);
  if (length !== undefined) return length;
  let sum = 2;
  for (const [key, part] of Object.entries(value)) {
    sum += (Array.isArray(value) ? 1 : key.length + 4) + lengthOf(part, known);
  }
  known.set(value, sum);
  return sum;
}

/** Puts a value together again from its pieces. */
export class Assembly {
  readonly #root: unknown[] = [];
  readonly #containers: Container[] = [this.#root];

  /** The value, once all pieces were added. */
  get value(): unknown {
    return this.#root[0];
  }

  /** Adds the next piece. */
  add(piece: Piece): void {
    const target = this.#containers[piece.into];
    if (piece.open !== undefined) {
      const opened = piece.open === "list" ? [] : {};
      this.#containers.push(opened);
      put(target, piece.key ?? "", opened);
      return;
    }
    for (
      const [key, value] of Object.entries(parseJson(piece.json) as object)
    ) {
      put(target, key, value);
    }
  }
}

function put(target: Container, key: string, value: unknown): void {
  if (Array.isArray(target)) target.push(value);
  else if (key !== "__proto__") target[key] = value;
  else {
    const own = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(target, key, own);
  }
}
