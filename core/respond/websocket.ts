/**
 * Routes that open WebSockets. The service time is that of the handshake; then the server sends its messages at their times, replies
 * to those of the client, and closes when the script says so. One exchange lasts from the request to the close.
 *
 * @module
 */
import type {
  MessageSettings,
  TimedMessage,
  WebSocketSettings,
} from "../config/mod.ts";
import { byteLength, headersOf, type HeaderValues } from "../lib/http.ts";
import { fillJson, parseJsonTemplate } from "../lib/json_template.ts";
import { fill, parseTemplate, type Values } from "../lib/template.ts";
import type { SocketSeries } from "../observe/socket_series.ts";
import type { LiveExchange, Plan, SocketCounts } from "../pipeline/exchange.ts";
import { abandon, breakOff, handOver } from "../pipeline/pipeline.ts";
import type { Tracing } from "../pipeline/trace_context.ts";
import type { Distribution, Route, Stream } from "../plugin.ts";
import type {
  MessageData,
  SocketChannel,
  SocketListener,
} from "../websocket/channel.ts";
import { CLOSE } from "../websocket/frames.ts";
import { serverTiming } from "./answer.ts";
import { valuesOf } from "./text.ts";

/** Number of bytes that a client has yet to take, beyond which messages wait. */
export const BUSY = 1 << 20;

/** Time after which a message that waits is tried again, in ms. */
const RETRY = 5;

/** Number of bytes that a client has yet to take, beyond which replies end the WebSocket. */
export const FULL = 16 << 20;

/** Maximum number of replies that wait for their time. */
export const MOST_REPLIES = 10_000;

/** Reason of a close by the end of the server. */
const ENDING = "The server is shutting down";

/** Writes the data of a message. */
type Writer = (values: Values) => MessageData;

/** A message with its time, ready to be sent. */
interface Prepared {
  readonly after: Distribution | undefined;
  readonly write: Writer;
}

/** Everything that the WebSockets of one route share. */
interface Script {
  readonly settings: WebSocketSettings;
  readonly messages: readonly Prepared[];
  readonly on: readonly (Prepared & { matches(text: string): boolean })[];
  readonly values: (x: LiveExchange) => Values & { index: number };
  readonly stream: Stream;
  readonly placeOf: Route["placeOf"];
  readonly series: () => SocketSeries;
}

/** Functions of a route that opens WebSockets. */
export interface WebSocketAnswer {
  /** Opens a WebSocket, in place of the route's answer; answers a request that was not served as other routes do. */
  readonly answer: (x: LiveExchange) => void;
  /** {@linkcode Plan.simulate}. */
  readonly simulate: (x: LiveExchange) => void;
}

/**
 * Prepares the WebSockets of a route.
 *
 * @param otherwise answers requests that were not served
 */
export function prepareWebSocket(
  settings: WebSocketSettings,
  route: Pick<Route, "path" | "placeOf" | "stream">,
  { headers, otherwise, series, traces }: {
    readonly headers: HeaderValues;
    readonly otherwise: NonNullable<Plan["answer"]>;
    /** Returns the recording of the route's WebSockets. */
    readonly series: () => SocketSeries;
    readonly traces: Tracing;
  },
): WebSocketAnswer {
  const script: Script = {
    settings,
    messages: settings.messages.map(prepare),
    on: settings.on.map((reply) => ({
      ...prepare(reply),
      matches: matcherOf(reply.pattern),
    })),
    values: valuesOf({
      path: route.path,
      stream: (purpose) => route.stream(purpose),
    }),
    stream: route.stream("websocket"),
    placeOf: (text) => route.placeOf(text),
    series,
  };
  const lines = [...headersOf(headers)].map(([name, value]) =>
    `${name}: ${value}\r\n`
  ).join("");
  return {
    answer(x) {
      const asked = x.incoming?.webSocket;
      if (x.outcome !== "answered" || asked === undefined) return otherwise(x);
      const conversation = new Conversation(x, script);
      x.status = 101;
      x.flowing = true;
      try {
        conversation.begin(asked.accept({
          protocol: protocolOf(settings.protocols, asked.protocols),
          fields: `${lines}perfmock-sequence: ${x.sequence}\r\nserver-timing: ${
            serverTiming(x, traces)
          }\r\n`,
          limit: settings.maxMessage,
        }, conversation));
      } catch (error) {
        x.plan.report(error, x.plan);
        x.status = 500;
        breakOff(x, error);
        x.incoming?.respond(new Response(null, { status: 500 }));
      }
    },
    simulate(x) {
      if (x.outcome !== "answered") return;
      x.status = 101;
      const end = endOf(script, x);
      if (end <= x.end) return;
      const timer = x.plan.clock.at(end, handOver, x);
      x.flowing = true;
      x.stop = () => x.plan.clock.cancel(timer);
    },
  };
}

/** Time at which a WebSocket ends without a client that closes it: after its close, or else after the last message. */
function endOf(
  { messages, placeOf, settings: { close, repeat }, stream }: Script,
  { end, sequence }: LiveExchange,
): number {
  const draw = (after: Distribution | undefined, place: string | number) =>
    after?.draw(stream, placeOf(`${sequence}/${place}`)) ?? 0;
  let due = end;
  const count = repeat === Infinity ? 0 : repeat * messages.length;
  for (let i = 0; i < count; i++) {
    due += draw(messages[i % messages.length].after, i);
  }
  return due + draw(close?.after, "close");
}

/** Chooses a protocol: the first that the client offers among those that are accepted. */
function protocolOf(
  accepted: readonly string[] | undefined,
  offered: readonly string[],
): string | undefined {
  return offered.find((name) => accepted?.includes(name) !== false);
}

function prepare({ after, send }: TimedMessage): Prepared {
  return { after, write: writerOf(send) };
}

function writerOf(send: MessageSettings): Writer {
  if ("binary" in send) return () => send.binary;
  if ("text" in send) {
    const template = parseTemplate(send.text);
    return (values) => fill(template, values);
  }
  const template = parseJsonTemplate(send.json);
  return (values) => fillJson(template, values);
}

/** Returns the test of a pattern. It takes a time in proportion to the text, times the number of stars at most. */
export function matcherOf(pattern: string): (text: string) => boolean {
  if (!pattern.includes("*")) return (text) => text === pattern;
  const [first, ...rest] = pattern.split("*");
  const last = rest.pop() ?? "";
  return (text) => {
    if (
      text.length < first.length + last.length || !text.startsWith(first) ||
      !text.endsWith(last)
    ) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}

/** One WebSocket, from its opening to its end. */
class Conversation implements SocketListener {
  readonly #x: LiveExchange;
  readonly #script: Script;
  readonly #values: Values & { index: number };
  readonly #counts: SocketCounts = {
    sent: 0,
    received: 0,
    bytesSent: 0,
    bytesReceived: 0,
    code: 0,
  };
  readonly #replies = new Set<number>();
  #channel: SocketChannel | undefined;
  /** Index of the next message of the script. */
  #next = 0;
  /** Time at which the next message, or the close, is due. Times are absolute: one that is late delays no other. */
  #due: number;
  #timer = 0;
  #ended = false;

  constructor(x: LiveExchange, script: Script) {
    this.#x = x;
    this.#script = script;
    this.#values = script.values(x);
    this.#due = x.end;
  }

  /** The WebSocket is open. */
  begin(channel: SocketChannel): void {
    const x = this.#x;
    this.#channel = channel;
    this.#script.series().opened();
    x.socket = this.#counts;
    x.stop = () => this.#stop();
    x.leave = () => channel.close(CLOSE.goingAway, ENDING);
    if (x.plan.flow.draining) x.leave();
    this.#schedule();
    const { close, repeat, messages } = this.#script.settings;
    if (close !== undefined && repeat === Infinity && messages.length > 0) {
      this.#later(
        x.end + this.#draw(close.after, "close"),
        () => this.#close(),
      );
    }
  }

  /** Draws a time: of message i of exchange n at the place of the text "n/i", as those of paced bodies. */
  #draw(after: Distribution | undefined, place: string | number): number {
    const { placeOf, stream } = this.#script;
    return after?.draw(stream, placeOf(`${this.#x.sequence}/${place}`)) ?? 0;
  }

  #schedule(): void {
    const { messages, settings: { close, repeat } } = this.#script;
    const more = this.#next < messages.length * repeat;
    if (!more && close === undefined) return;
    this.#due += more
      ? this.#draw(messages[this.#next % messages.length].after, this.#next)
      : this.#draw(close?.after, "close");
    this.#timer = this.#x.plan.clock.at(this.#due, wake, this);
  }

  /** The next message is due, or the close. */
  woken(): void {
    const { messages, settings: { repeat } } = this.#script;
    const { clock } = this.#x.plan;
    if ((this.#channel?.buffered ?? 0) > BUSY) {
      this.#timer = clock.at(clock.now() + RETRY, wake, this);
      return;
    }
    if (this.#next >= messages.length * repeat) return this.#close();
    this.#send(messages[this.#next % messages.length].write, this.#next);
    this.#next++;
    this.#schedule();
  }

  #close(): void {
    const { close } = this.#script.settings;
    this.#channel?.close(close?.code ?? CLOSE.normal, close?.reason ?? "");
  }

  #send(write: Writer, index: number): void {
    this.#values.index = index;
    this.#pass(write(this.#values));
  }

  #pass(data: MessageData): void {
    const size = sizeOf(data);
    this.#counts.sent++;
    this.#counts.bytesSent += size;
    this.#script.series().sent(size);
    this.#channel?.send(data);
  }

  message(data: MessageData): void {
    if (this.#ended) return;
    const { on, series, settings: { echo } } = this.#script;
    const size = sizeOf(data);
    const index = this.#counts.received++;
    this.#counts.bytesReceived += size;
    series().received(size);
    const reply = typeof data === "string"
      ? on.find(({ matches }) => matches(data))
      : undefined;
    if (reply === undefined && !echo) return;
    if ((this.#channel?.buffered ?? 0) > FULL) {
      this.#channel?.close(CLOSE.policy, "The replies are not read");
    } else if (reply === undefined) this.#pass(data);
    else if (reply.after === undefined) this.#send(reply.write, index);
    else if (this.#replies.size >= MOST_REPLIES) {
      this.#channel?.close(CLOSE.policy, "Too many messages wait for replies");
    } else {
      const { clock } = this.#x.plan;
      const wait = this.#draw(reply.after, `on/${index}`);
      this.#later(clock.now() + wait, () => this.#send(reply.write, index));
    }
  }

  #later(due: number, act: () => void): void {
    const timer = this.#x.plan.clock.at(due, () => {
      this.#replies.delete(timer);
      act();
    }, undefined);
    this.#replies.add(timer);
  }

  ended(code: number): void {
    if (this.#ended) return;
    const x = this.#x;
    this.#end(code);
    if (code === CLOSE.abnormal) abandon(x, "gone");
    else handOver(x);
  }

  /** The server cuts the exchange. */
  #stop(): void {
    if (this.#ended) return;
    this.#end(CLOSE.goingAway);
    this.#channel?.close(CLOSE.goingAway, ENDING);
  }

  #end(code: number): void {
    this.#ended = true;
    this.#counts.code = code;
    this.#script.series().closed(code);
    const { clock } = this.#x.plan;
    if (this.#timer !== 0) clock.cancel(this.#timer);
    for (const timer of this.#replies) clock.cancel(timer);
    this.#x.stop = this.#x.leave = undefined;
  }
}

function wake(conversation: Conversation): void {
  conversation.woken();
}

function sizeOf(data: MessageData): number {
  return typeof data === "string" ? byteLength(data) : data.length;
}
