/**
 * Carries out orders through fetch: over TLS, with HTTP/2 if the target supports it. It costs several times as much as the
 * connections of the TCP environment.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ClientEnvironment, ErrorKind, Order } from "../order.ts";
import { kindOfError } from "./connection.ts";
import { bytesOf, cleanPath, FRAMING, oneLine } from "./request.ts";
import type { Destination } from "./targets.ts";

/** Maximum length of the text that a check sees, in bytes; the rest of the body is read and dropped. */
export const MAX_CHECKED_BODY: number = 1024 * 1024;

/** An active order. */
interface ActiveOrder {
  readonly order: Order;
  readonly controller: AbortController;
  timer: number;
  /** Reason for which it was given up; empty if it was not. */
  given: ErrorKind;
}

/** A {@linkcode ClientEnvironment} that uses fetch. */
export class FetchEnvironment implements ClientEnvironment {
  readonly clock: Clock;
  readonly #base: string;
  readonly #client: Deno.HttpClient;
  readonly #active = new Set<ActiveOrder>();

  /** Connects with the first orders. */
  constructor(clock: Clock, destination: Destination) {
    this.clock = clock;
    this.#base = destination.origin + destination.prefix;
    this.#client = Deno.createHttpClient({
      caCerts: [...destination.certificates],
    });
  }

  /** Does nothing, because fetch opens its connections itself. */
  connectAhead(): Promise<void> {
    return Promise.resolve();
  }

  /** See {@linkcode ClientEnvironment.send}. */
  send(order: Order): void {
    const controller = new AbortController();
    const active: ActiveOrder = { order, controller, timer: 0, given: "" };
    order.started = this.clock.now();
    active.timer = this.clock.at(
      order.started + order.request.timeout,
      (late: ActiveOrder) => this.#giveUp(late, "timeout"),
      active,
    );
    this.#active.add(active);
    this.#exchange(active);
  }

  /** See {@linkcode ClientEnvironment.cut}. */
  cut(scenario: number): void {
    for (const active of [...this.#active]) {
      if (active.order.request.scenario === scenario) {
        this.#giveUp(active, "cut");
      }
    }
  }

  /** Cuts all active orders and closes all connections. */
  [Symbol.dispose](): void {
    for (const active of [...this.#active]) this.#giveUp(active, "cut");
    this.#client.close();
  }

  #request({ request, turn }: Order): Request {
    const { method, path, headers, body, binary, keepAlive } = request;
    const sent = new Headers(keepAlive ? {} : { connection: "close" });
    for (const [name, value] of headers) {
      if (!FRAMING.has(name)) {
        sent.append(name, byteText(oneLine(value.render(turn))));
      }
    }
    const text = body?.render(turn);
    return new Request(this.#base + cleanPath(path.render(turn)), {
      method,
      headers: sent,
      body: text !== undefined && binary ? bytesOf(text) : text,
      redirect: "manual",
    });
  }

  // deno-lint-ignore require-await -- an invalid request must reject, not throw within send()
  async #fetch({ order, controller }: ActiveOrder): Promise<Response> {
    return fetch(this.#request(order), {
      client: this.#client,
      signal: controller.signal,
    });
  }

  /** Never rejects. */
  async #exchange(active: ActiveOrder): Promise<void> {
    const { order } = active;
    try {
      const response = await this.#fetch(active);
      order.firstByte = this.clock.now();
      const wanted = order.request.check?.body;
      const text = await read(response, wanted !== undefined);
      if (active.given !== "") return;
      order.status = response.status;
      if (wanted !== undefined) order.bodyHeld = text.includes(wanted);
      this.#end(active, "");
    } catch (error) {
      if (active.given === "") this.#end(active, kindOfError(error));
    }
  }

  /** The sender is informed at once, however long fetch takes to notice the abort. */
  #giveUp(active: ActiveOrder, kind: ErrorKind): void {
    active.given = kind;
    this.#end(active, kind);
    active.controller.abort();
  }

  #end(active: ActiveOrder, error: ErrorKind): void {
    const { order, timer } = active;
    this.clock.cancel(timer);
    this.#active.delete(active);
    order.ended = this.clock.now();
    order.error = error;
    order.sender.ended(order);
  }
}

/** Returns a text whose characters are the bytes of its UTF-8, as Headers require. */
function byteText(text: string): string {
  return /[^\0-\x7f]/.test(text)
    ? String.fromCharCode(...new TextEncoder().encode(text))
    : text;
}

/** Reads a body to its end. Returns its beginning as text if that is needed. */
async function read(response: Response, wanted: boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let kept = 0;
  for await (const chunk of response.body ?? []) {
    if (!wanted || kept >= MAX_CHECKED_BODY) continue;
    kept += chunk.length;
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
