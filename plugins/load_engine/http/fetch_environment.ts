/**
 * Carries out orders through fetch: over TLS, with HTTP/2 where the target speaks it. It costs several times as much as a
 * connection of our own.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ClientEnvironment, ErrorKind, Order } from "../order.ts";
import { kindOfError } from "./connection.ts";
import { cleanPath, FRAMING, oneLine } from "./request.ts";
import type { Destination } from "./targets.ts";

/** The text that is looked at for a check, in bytes; the rest of the body is read and passed over. */
const LARGEST_KEPT_BODY = 1024 * 1024;

/** An order that is under way. */
interface Flight {
  readonly order: Order;
  readonly controller: AbortController;
  timer: number;
  /** Why it was given up; empty where it was not. */
  given: ErrorKind;
}

/** A {@linkcode ClientEnvironment} on fetch. */
export class FetchEnvironment implements ClientEnvironment {
  /** Its time. */
  readonly clock: Clock;
  readonly #base: string;
  readonly #client: Deno.HttpClient;
  readonly #flights = new Set<Flight>();

  /** Connects with the first orders. */
  constructor(clock: Clock, destination: Destination) {
    this.clock = clock;
    this.#base = destination.origin + destination.prefix;
    this.#client = Deno.createHttpClient({
      caCerts: [...destination.certificates],
    });
  }

  /** Does nothing: fetch makes its connections itself, when it needs them. */
  connectAhead(): Promise<void> {
    return Promise.resolve();
  }

  /** Sends a request now; see {@linkcode ClientEnvironment.send}. */
  send(order: Order): void {
    const controller = new AbortController();
    const flight: Flight = { order, controller, timer: 0, given: "" };
    order.started = this.clock.now();
    flight.timer = this.clock.at(
      order.started + order.request.timeout,
      (late: Flight) => this.#giveUp(late, "timeout"),
      flight,
    );
    this.#flights.add(flight);
    this.#exchange(flight);
  }

  /** Ends all orders of a scenario that are under way; see {@linkcode ClientEnvironment.cut}. */
  cut(scenario: number): void {
    for (const flight of [...this.#flights]) {
      if (flight.order.request.scenario === scenario) {
        this.#giveUp(flight, "cut");
      }
    }
  }

  /** Cuts what is under way and closes all connections. */
  [Symbol.dispose](): void {
    for (const flight of [...this.#flights]) this.#giveUp(flight, "cut");
    this.#client.close();
  }

  #request({ request, turn }: Order): Request {
    const { method, path, headers, body, keepAlive } = request;
    const sent = new Headers(keepAlive ? {} : { connection: "close" });
    for (const [name, value] of headers) {
      if (!FRAMING.has(name)) {
        sent.append(name, byteText(oneLine(value.render(turn))));
      }
    }
    return new Request(this.#base + cleanPath(path.render(turn)), {
      method,
      headers: sent,
      body: body?.render(turn),
      redirect: "manual",
    });
  }

  // deno-lint-ignore require-await -- what fetch refuses has to come back as a rejection, not in the middle of send()
  async #fetch({ order, controller }: Flight): Promise<Response> {
    return fetch(this.#request(order), {
      client: this.#client,
      signal: controller.signal,
    });
  }

  /** Never rejects. */
  async #exchange(flight: Flight): Promise<void> {
    const { order } = flight;
    try {
      const response = await this.#fetch(flight);
      order.firstByte = this.clock.now();
      const wanted = order.request.check?.body;
      const text = await read(response, wanted !== undefined);
      if (flight.given !== "") return;
      order.status = response.status;
      if (wanted !== undefined) order.bodyHeld = text.includes(wanted);
      this.#end(flight, "");
    } catch (error) {
      if (flight.given === "") this.#end(flight, kindOfError(error));
    }
  }

  /** The one who waits is told at once: how long fetch takes to notice is its own affair. */
  #giveUp(flight: Flight, kind: ErrorKind): void {
    flight.given = kind;
    this.#end(flight, kind);
    flight.controller.abort();
  }

  #end(flight: Flight, error: ErrorKind): void {
    const { order, timer } = flight;
    this.clock.cancel(timer);
    this.#flights.delete(flight);
    order.ended = this.clock.now();
    order.error = error;
    order.sender.ended(order);
  }
}

/** A text whose characters are the bytes of its UTF-8: what Headers take. */
function byteText(text: string): string {
  return /[^\0-\x7f]/.test(text)
    ? String.fromCharCode(...new TextEncoder().encode(text))
    : text;
}

/** Reads a body to its end; its beginning as text where that is wanted. */
async function read(response: Response, wanted: boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let kept = 0;
  for await (const chunk of response.body ?? []) {
    if (!wanted || kept >= LARGEST_KEPT_BODY) continue;
    kept += chunk.length;
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
