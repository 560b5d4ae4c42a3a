/**
 * Overrides: one request changes its own exchange by one header, `Perfmock-Override: delay=120ms, fault=503`. The header is read
 * only if the configuration allows at least one kind; refusals are then listed in a response header.
 *
 * @module
 */
import type { OverrideSettings } from "../config/mod.ts";
import type { ByteMap } from "../lib/bounded.ts";
import { excerpt } from "../lib/bounded_text.ts";
import { suggest } from "../lib/suggest.ts";
import { dueOf, type Injected, type LiveExchange } from "./exchange.ts";
import type { Distribution, Stream } from "../plugin.ts";

/** The request header. */
export const OVERRIDE_HEADER = "perfmock-override";

/** The response header that lists refused overrides, with the reasons. */
export const REFUSED_HEADER = "perfmock-override-refused";

/** The means by which overrides take effect. */
export interface OverrideOptions {
  /** The kinds of override that the configuration allows. */
  readonly allowed: OverrideSettings;
  /** Reads a duration or the name of a profile; undefined for any other text. */
  readonly distribution: (text: string) => Distribution | undefined;
  /** Returns the fault of a kind. */
  readonly fault: (kind: string | number) => Injected;
  /** The route's stream of service times: a profile is drawn at the same place. */
  readonly stream: Stream;
  /** Returns true if connections of the route can be reset: that is known once the server listens. */
  readonly resets: () => boolean;
  /** Id of the route, under which the meanings of its headers are remembered. */
  readonly route: string;
  /** Meanings of header values, of all routes. */
  readonly remembered: ByteMap<Meaning>;
}

const ACTIONS = ["connection-reset", "cut-body", "hang"] as const;
const KINDS = ["delay", "profile", "fault"] as const;

/** Maximum number of bytes of header values remembered with their meaning, of all routes of a configuration: tests repeat themselves. */
export const REMEMBERED_BYTES = 1 << 20;

/** Maximum length of the header, in characters; of a longer one nothing is read. */
const LONGEST = 1024;

/** Maximum number of overrides in the header; of more nothing is read. */
const MOST = 8;

/** Maximum length of the header that lists refusals, in characters. */
const LONGEST_REFUSED = 1024;

/** Number of bytes that a meaning takes at most: its overrides, each with a distribution, and its refusals. */
export const MEANING_BYTES = MOST * 1024 + LONGEST_REFUSED;

/** One override, understood. */
interface Override {
  readonly distribution?: Distribution;
  readonly injected?: Injected;
}

/** The meaning of a header value. */
export interface Meaning {
  readonly overrides: readonly Override[];
  readonly refused: string;
}

/** Returns true if the configuration allows any kind of override; otherwise the header must not be read. */
export function allowsOverrides(allowed: OverrideSettings): boolean {
  return KINDS.some((kind) => allowed[kind]);
}

/** The function that looks at one request, at the start of its service. */
export function prepareOverride(
  parts: OverrideOptions,
): (x: LiveExchange) => void {
  const { route, remembered } = parts;
  return function override(x) {
    const text = x.header(OVERRIDE_HEADER);
    if (text === null) return;
    if (text.length > LONGEST) {
      x.refused =
        `the header has ${text.length} characters, at most ${LONGEST} are read`;
      return;
    }
    const meaning = remembered.use(
      `${route}\n${text}`,
      () => understand(text, parts),
    );
    for (const { distribution, injected } of meaning.overrides) {
      if (distribution !== undefined) {
        const time = distribution.draw(parts.stream, x.sequence);
        x.service = time;
        x.due = dueOf(x);
      }
      if (injected !== undefined) {
        x.injected = injected;
        x.action = injected.action;
      }
    }
    if (meaning.refused !== "") x.refused = meaning.refused;
  };
}

function understand(text: string, parts: OverrideOptions): Meaning {
  const overrides: Override[] = [];
  const refused: string[] = [];
  // Splits off one part more than is read, to see whether there are too many.
  const written = text.split(",", MOST + 1);
  if (written.length > MOST) {
    return {
      overrides,
      refused: `there are more than ${MOST} overrides, none is read`,
    };
  }
  for (const part of written) {
    const [kind, value = ""] = part.split("=", 2).map((word) => word.trim());
    const one = understandOne(kind, value, parts);
    if (typeof one === "string") refused.push(one);
    else overrides.push(one);
  }
  return { overrides, refused: bounded(refused.join("; ")) };
}

/** One override, or why it is refused: in ASCII, since it goes into a header. */
function understandOne(
  kind: string,
  value: string,
  { allowed, distribution, fault, resets }: OverrideOptions,
): Override | string {
  if (!isKind(kind)) {
    const meant = suggest(kind, KINDS);
    return `unknown override ${printable(kind)}, allowed are ${
      KINDS.join(", ")
    }${meant === undefined ? "" : `: ${meant}?`}`;
  }
  if (!allowed[kind]) {
    return `${kind} is not allowed: set overrides.${kind} to true`;
  }
  if (kind === "fault") {
    if (value === "connection-reset" && !resets()) {
      return "fault=connection-reset needs server.engine native or node, and a restart";
    }
    if ((ACTIONS as readonly string[]).includes(value)) {
      return { injected: fault(value) };
    }
    return /^[2-5]\d\d$/.test(value)
      ? { injected: fault(Number(value)) }
      : `fault=${printable(value)} is neither a status nor one of ${
        ACTIONS.join(", ")
      }`;
  }
  const isDuration = /^\d/.test(value);
  const found = isDuration === (kind === "delay")
    ? distribution(value)
    : undefined;
  return found === undefined
    ? `${kind}=${printable(value)} is not ${
      kind === "delay" ? "a duration such as 120ms" : "the name of a profile"
    }`
    : { distribution: found };
}

function isKind(kind: string): kind is typeof KINDS[number] {
  return (KINDS as readonly string[]).includes(kind);
}

/** The refusals, cut to what the header may take, in ASCII. */
function bounded(refused: string): string {
  return refused.length <= LONGEST_REFUSED
    ? refused
    : `${excerpt(refused, LONGEST_REFUSED - 2).slice(0, -1)}...`;
}

/** The text as received, as far as a header can carry it. */
function printable(text: string): string {
  return `"${text.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, "?")}"`;
}
