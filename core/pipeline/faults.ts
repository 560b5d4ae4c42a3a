/**
 * Faults that are injected on purpose: the requests they meet, and their effect.
 *
 * @module
 */
import type { FaultSettings } from "../config/mod.ts";
import type { Counter, Stream } from "../plugin.ts";
import { boundedKey, ByteMap } from "../lib/bounded.ts";
import { BODILESS, type HeaderValues } from "../lib/http.ts";
import { nextTurn } from "../lib/turn.ts";
import type { FaultDecision, Injected, LiveExchange } from "./exchange.ts";

/** One fault of a route, with the requests it meets. */
export interface FaultRule {
  /** Share of requests that meet it, 0…1; undefined where the first requests do. */
  readonly share: number | undefined;
  /** Number of first requests that meet it. */
  readonly first: number;
  /** The header by whose value first requests are counted; undefined to count the route's arrivals. */
  readonly header: string | undefined;
  /** Effect of the fault. */
  readonly injected: Injected;
}

/**
 * Maximum number of bytes of header values remembered per fault, enough for 10 000 UUIDs. The values unseen for the longest time
 * are forgotten first; of values above 128 characters, the beginning and a hash are remembered.
 */
export const REMEMBERED_BYTES = 3 << 20;

/** A fault that meets the first requests. */
interface First {
  readonly count: number;
  readonly header: string | undefined;
  readonly injected: Injected;
  /** Number of requests with each value of the header. */
  readonly seen: ByteMap<number>;
}

/** A fault that meets a share of requests: those whose draw is below `below` and not below the one before. */
interface Part {
  readonly below: number;
  readonly injected: Injected;
}

/**
 * Decides for one route. Faults of first requests take precedence, in the order of the rules. One draw chooses at most one of
 * the shares, so that they exclude each other. The draw has a stream of its own: no fault shifts a service time.
 */
export class RouteFaults implements FaultDecision {
  readonly #first: First[] = [];
  readonly #parts: Part[] = [];
  readonly #stream: Stream;
  /** Factor that multiplies all shares. Default 1. */
  scale = 1;

  /**
   * @param rules in the order of the configuration; the sum of their shares is at most 1
   * @param stream of the draws
   */
  constructor(rules: readonly FaultRule[], stream: Stream) {
    this.#stream = stream;
    let below = 0;
    for (const { share, first, header, injected } of rules) {
      if (share === undefined) {
        const seen = new ByteMap<number>(REMEMBERED_BYTES, 0);
        this.#first.push({ count: first, header, injected, seen });
      } else this.#parts.push({ below: below += share, injected });
    }
  }

  decide(x: LiveExchange): Injected | undefined {
    for (const rule of this.#first) if (meets(rule, x)) return rule.injected;
    if (this.#parts.length === 0) return undefined;
    const draw = this.#stream.uniform(x.sequence) / this.scale;
    for (const { below, injected } of this.#parts) {
      if (draw < below) return injected;
    }
    return undefined;
  }

  /** Number of bytes that the remembered header values take at most. */
  get bytes(): number {
    return this.#first.reduce((sum, { seen }) => sum + seen.bytes, 0);
  }

  /** Counts first requests from 0 again. */
  reset(): void {
    for (const { seen } of this.#first) seen.clear();
  }
}

function meets(rule: First, x: LiveExchange): boolean {
  if (rule.header === undefined) return x.sequence < rule.count;
  const { seen, count } = rule;
  const value = boundedKey(x.header(rule.header) ?? "");
  const before = seen.get(value) ?? 0;
  seen.set(value, Math.min(before + 1, count));
  return before < count;
}

/** The answer of a fault with a status. */
export interface FaultAnswer {
  /** 200…599. */
  readonly status: number;
  /** Headers, with Retry-After in seconds where there is one. */
  readonly headers: HeaderValues;
  /** Time after which Retry-After names the date, in ms; undefined for no date. */
  readonly retryAfter: number | undefined;
  /** The body; undefined for none. */
  readonly body: string | undefined;
  /** Of the body. */
  readonly contentType: string | undefined;
}

/** The means by which faults take effect. */
export interface FaultEffects {
  /** Stream of the draws: the route's stream "fault". */
  readonly stream: Stream;
  /** Returns the counter of one kind of fault. */
  readonly counter: (fault: string) => Pick<Counter, "add">;
  /** Returns the function that answers with the given status and body. */
  readonly answer: (settings: FaultAnswer) => (exchange: LiveExchange) => void;
}

/** Prepares the faults of a route; undefined where it has none. */
export function prepareFaults(
  faults: readonly FaultSettings[],
  parts: FaultEffects,
): RouteFaults | undefined {
  if (faults.length === 0) return undefined;
  const rules = faults.map((fault): FaultRule => ({
    share: fault.share,
    first: fault.first ?? 0,
    header: fault.per?.slice("header:".length),
    injected: injectedBy(fault, parts),
  }));
  return new RouteFaults(rules, parts.stream);
}

/** Prepares the effect of one fault. */
export function injectedBy(
  fault: FaultSettings,
  parts: Pick<FaultEffects, "counter" | "answer">,
): Injected {
  const { action, status = 500 } = fault;
  if (action !== undefined) {
    const cuts = action === "cut-body";
    return {
      action: cuts ? "answer" : action,
      status: undefined,
      answer: cuts ? answerCut : undefined,
      counter: parts.counter(action),
    };
  }
  return {
    action: "answer",
    status,
    answer: parts.answer(answerOf(fault, status)),
    counter: parts.counter(`${status}`),
  };
}

function answerOf(fault: FaultSettings, status: number): FaultAnswer {
  const { retryAfter, retryAfterAs } = fault;
  const asDate = retryAfterAs === "date";
  const headers: HeaderValues = {
    ...fault.headers,
    // Retry-After has whole seconds only: rounded up, so that no client returns too early.
    ...retryAfter !== undefined && !asDate &&
      { "retry-after": `${Math.ceil(retryAfter / 1000)}` },
  };
  const own = { status, headers, retryAfter: asDate ? retryAfter : undefined };
  return { ...own, ...bodyOf(fault, status) };
}

function bodyOf(
  { json, text }: FaultSettings,
  status: number,
): Pick<FaultAnswer, "body" | "contentType"> {
  if (text !== undefined) {
    return { body: text, contentType: "text/plain; charset=utf-8" };
  }
  if (json !== undefined) {
    return { body: JSON.stringify(json), contentType: "application/json" };
  }
  if (BODILESS.has(status)) return { body: undefined, contentType: undefined };
  return {
    body: JSON.stringify({
      type: "about:blank",
      status,
      title: "This fault was injected",
    }),
    contentType: "application/problem+json",
  };
}

/**
 * Answers as the route does, but cuts the body: after half of its bytes, or after half of the first piece where the length is
 * unknown. A listener then closes the connection; over HTTP/2 it resets the stream.
 */
function answerCut(x: LiveExchange): void {
  const built = x.plan.build(x);
  x.incoming?.respond(
    Promise.resolve(built).then((whole) =>
      whole.body === null
        ? whole
        : x.flowing
        ? cutStream(whole)
        : cutBytes(whole)
    ),
  );
}

/** Keeps the announced length, so that a client can tell that bytes are missing. */
async function cutBytes(whole: Response): Promise<Response> {
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const headers = new Headers(whole.headers);
  headers.set("content-length", `${bytes.length}`);
  const { status } = whole;
  return bytes.length === 0
    ? new Response(null, { status, headers })
    : new Response(broken(new Response(bytes).body, bytes.length), {
      status,
      headers,
    });
}

function cutStream(whole: Response): Response {
  const announced = Number(whole.headers.get("content-length") ?? NaN);
  const { status, headers } = whole;
  return new Response(broken(whole.body, announced), { status, headers });
}

/**
 * Half of a body, then an error.
 *
 * @param length in bytes; NaN where unknown
 */
function broken(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | null,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = (body ?? new Blob([]).stream()).getReader();
  let left = Math.floor(length / 2);
  let cut = left === 0;
  return new ReadableStream({
    async pull(controller) {
      if (cut) {
        // Waits, because over HTTP/2 an error in the same turn would overtake the bytes.
        await nextTurn();
        await reader.cancel();
        return controller.error(new Error("A fault cuts this body"));
      }
      const { done, value } = await reader.read();
      if (done) return controller.close();
      if (Number.isNaN(left)) left = Math.floor(value.length / 2);
      const part = value.subarray(0, left);
      left -= part.length;
      cut = left === 0;
      controller.enqueue(part);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Describes one fault and the requests it meets in a few words. */
export function inWords(
  { share, first, per, status = 500, action, retryAfter }: FaultSettings,
): string {
  const what = action ??
    `status ${status}${
      retryAfter === undefined
        ? ""
        : ` (retry after ${Math.ceil(retryAfter / 1000)} s)`
    }`;
  if (share === 1) return `${what} for all requests`;
  if (share !== undefined) {
    // Four digits: a share of one in a million must not read as none.
    return `${what} for ${Number((share * 100).toPrecision(4))} % of requests`;
  }
  const requests = first === 1
    ? "the first request"
    : `the first ${first} requests`;
  return per === undefined
    ? `${what} for ${requests}`
    : `${what} for ${requests} of each ${per.slice("header:".length)}`;
}
