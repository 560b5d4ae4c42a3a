/**
 * Configurations and load scripts as written: their copies, and what they may leave out. Numbers in bodies keep their digits; all others are numbers of JavaScript.
 *
 * @module
 */
import { parseJson, WrittenNumber } from "../lib/written_number.ts";
import { isRecord } from "./_schema_lookup.ts";

/** Kind of a place in a configuration or a load script. `plugins` stands for all options of plugins, which hold no bodies of core's. */
type Place = "settings" | "events" | "repeat" | "body" | "plugins";

const NOT_DATA: ReadonlySet<string> = new Set(["function", "symbol"]);

/** Keys with a body as their value, by the places that they are in. Conditions are compared with bodies, and with texts. */
const BODIES: Readonly<Record<string, ReadonlySet<string>>> = {
  settings: new Set(["json", "schema", "when"]),
  events: new Set(["json", "data"]),
  repeat: new Set(["json", "item", "within"]),
};

function placeOf(key: string, within: Place): Place {
  if (within === "body" || within === "plugins") return within;
  if (BODIES[within].has(key)) return "body";
  return key === "events" || key === "repeat" || key === "plugins"
    ? key
    : "settings";
}

/**
 * Copies data, so that a change of the copy changes nothing else.
 *
 * @param key key of the data in a configuration. Default none
 * @throws Error where it holds something that is not data, such as a function
 */
export function copyData(value: unknown, key = ""): unknown {
  return copy(value, placeOf(key, "settings"), new Map());
}

/** Parses JSON; see {@linkcode copyData} for its numbers. */
export function readJson(json: string): unknown {
  return copyData(parseJson(json));
}

/** Returns an object without its keys that begin with "x-": such as hold parts for aliases, and mean nothing by themselves. */
export function withoutExtensions(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).filter((key) => key.startsWith("x-"));
  if (keys.length === 0) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !keys.includes(key)),
  );
}

/** @param known copies made so far, for each kind of place: an object may contain itself */
function copy(
  value: unknown,
  place: Place,
  known: Map<Place, Map<object, unknown>>,
): unknown {
  if (typeof value === "bigint" && place === "body") {
    return new WrittenNumber(`${value}`);
  }
  if (value instanceof WrittenNumber) {
    return place === "body" ? value : Number(value.digits);
  }
  if (typeof value !== "object" || value === null) {
    // Throws the error of a value that is not data.
    return NOT_DATA.has(typeof value) ? structuredClone(value) : value;
  }
  if (!isPlain(value)) return structuredClone(value);
  let copies = known.get(place);
  if (copies === undefined) known.set(place, copies = new Map());
  const made = copies.get(value);
  if (made !== undefined) return made;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    copies.set(value, items);
    const within = place === "events" || place === "repeat"
      ? "settings"
      : place;
    for (const item of value) items.push(copy(item, within, known));
    return items;
  }
  const object: Record<string, unknown> = {};
  copies.set(value, object);
  for (const [key, part] of Object.entries(value)) {
    const copied = copy(part, placeOf(key, place), known);
    if (key === "__proto__") own(object, key, copied);
    else object[key] = copied;
  }
  return object;
}

/** An assignment would change the prototype. */
function own(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** True for objects that JSON can hold. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
