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
import { fill, parseTemplate, usesBody, type Values } from "../lib/template.ts";
import type { SocketSeries } from "../observe/socket_series.ts";
import type { LiveExchange, Plan, SocketCounts } from "../pipeline/exchange.ts";
import { abandon, breakOff, handOver } from "../pipeline/pipeline.ts";
import { ReceivedBody } from "../pipeline/received_body.ts";
import type { Tracing } from "../pipeline/trace_context.ts";
import type { Distribution, Route, Stream } from "../plugin.ts";
import type {
  MessageData,
  SocketChannel,
  SocketListener,
} from "../websocket/channel.ts";
import { CLOSE } from "../websocket/frames.ts";
import { serverTiming } from "./answer.ts";
import { divideHeaders, linesOf } from "./own_headers.ts";
import { type RequestValues, valuesOf } from "./text.ts";

/** Number of bytes that a client has yet to take, beyond which messages wait. */
export const BUSY = 1 << 20;

/** Time after which a message that waits is tried again, in ms. */
const RETRY = 5;

/** Number of bytes that a client has yet to take, beyond which replies end the WebSocket. */
export const FULL = 16 << 20;

/** Maximum number of replies that wait for their time; the messages that they repeat have at most {@linkcode FULL} bytes. */
export const MOST_REPLIES = 10_000;

/** Reason of a close by the end of the server. */
const ENDING = "The server is shutting down";

/** Writes the data of a message. */
type Writer = (values: Values) => MessageData;

/** A message with its time, ready to be sent. */
interface Prepared {
  readonly after: Distribution | undefined;
  readonly write: Writer;
  /** True if it repeats values of the message that it replies to. */
  readonly repeats: boolean;
}

/** Everything that the WebSockets of one route share. */
interface Script {
  readonly settings: WebSocketSettings;
  readonly messages: readonly Prepared[];
  readonly on: readonly {
    readonly replies: readonly Prepared[];
    matches(text: string): boolean;
  }[];
  readonly values: (x: LiveExchange) => RequestValues;
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
    on: settings.on.map(({ pattern, replies }) => ({
      replies: replies.map(prepare),
      matches: matcherOf(pattern),
    })),
    values: valuesOf({
      path: route.path,
      stream: (purpose) => route.stream(purpose),
    }),
    stream: route.stream("websocket"),
    placeOf: (text) => route.placeOf(text),
    series,
  };
  const { fixed, own } = divideHeaders(headers, {
    path: route.path,
    stream: (purpose) => route.stream(purpose),
  });
  const lines = linesOf([...headersOf(fixed)]);
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
          fields: `${lines}${
            own === undefined ? "" : linesOf(own.write(x))
          }perfmock-sequence: ${x.sequence}\r\nserver-timing: ${
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
      x.flowing = true;
      // The WebSocket has no end of its own: the client leaves at some time, or the simulation ends.
      if (end === Infinity) return;
      const timer = x.plan.clock.at(end, handOver, x);
      x.stop = () => x.plan.clock.cancel(timer);
    },
  };
}

/**
 * Time at which a WebSocket ends without a client that closes it: after its close, or else after the last message; Infinity if its
 * messages go on for ever.
 */
function endOf(
  { messages, placeOf, settings: { close, repeat }, stream }: Script,
  { end, sequence }: LiveExchange,
): number {
  const draw = (after: Distribution | undefined, place: string | number) =>
    after?.draw(stream, placeOf(`${sequence}/${place}`)) ?? 0;
  let due = end;
  const endless = repeat === Infinity;
  if (endless && close === undefined) return Infinity;
  const count = endless ? 0 : repeat * messages.length;
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
  return {
    after,
    write: writerOf(send),
    repeats: !("binary" in send) && usesBody(send),
  };
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
  readonly #values: RequestValues;
  readonly #counts: SocketCounts = {
    sent: 0,
    received: 0,
    bytesSent: 0,
    bytesReceived: 0,
    code: 0,
  };
  readonly #replies = new Set<number>();
  /** Number of bytes of the messages that replies will repeat. */
  #held = 0;
  #channel: SocketChannel | undefined;
  /** Index of the next message of the script. */
  #next = 0;
  /** Time at which the next message, or the close, is due. Times are absolute: one that is late delays no other. */
  #due: number;
  #timer = 0;
  /** True once the server has begun to close: nothing is sent any more. */
  #closing = false;
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
    x.leave = () => this.#close(CLOSE.goingAway, ENDING);
    if (x.plan.flow.draining) return x.leave();
    this.#schedule();
    const { close, repeat, messages } = this.#script.settings;
    if (close !== undefined && repeat === Infinity && messages.length > 0) {
      this.#later(
        x.end + this.#draw(close.after, "close"),
        () => this.#closeAsWritten(),
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
    if (this.#next >= messages.length * repeat) return this.#closeAsWritten();
    this.#send(messages[this.#next % messages.length].write, this.#next);
    this.#next++;
    this.#schedule();
  }

  #closeAsWritten(): void {
    const { close } = this.#script.settings;
    this.#close(close?.code ?? CLOSE.normal, close?.reason ?? "");
  }

  /** Begins to close: messages that wait for their time are not sent any more. */
  #close(code: number, reason: string): void {
    if (this.#closing || this.#ended) return;
    this.#closing = true;
    this.#forget();
    this.#channel?.close(code, reason);
  }

  #send(write: Writer, index: number, message?: ReceivedBody): void {
    this.#values.index = index;
    this.#values.message = message;
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
    if (this.#closing || this.#ended) return;
    const { on, series, settings: { echo } } = this.#script;
    const size = sizeOf(data);
    const index = this.#counts.received++;
    this.#counts.bytesReceived += size;
    series().received(size);
    const found = typeof data === "string"
      ? on.find(({ matches }) => matches(data))
      : undefined;
    if (found === undefined && !echo) return;
    if ((this.#channel?.buffered ?? 0) > FULL) {
      this.#close(CLOSE.policy, "The replies are not read");
    } else if (found === undefined) this.#pass(data);
    else {this.#reply(
        found.replies,
        index,
        ReceivedBody.ofText(`${data}`),
        size,
      );}
  }

  /**
   * Replies to a message, at once as far as nothing has to wait.
   *
   * @param index number of the message
   * @param size its size, in bytes
   */
  #reply(
    replies: readonly Prepared[],
    index: number,
    message: ReceivedBody,
    size: number,
  ): void {
    const { clock } = this.#x.plan;
    let due: number | undefined;
    for (const [number, { after, write, repeats }] of replies.entries()) {
      if (after === undefined && due === undefined) {
        this.#send(write, index, message);
        continue;
      }
      const held = repeats ? size : 0;
      if (this.#replies.size >= MOST_REPLIES || this.#held + held > FULL) {
        return this.#close(CLOSE.policy, "Too many messages wait for replies");
      }
      due = (due ?? clock.now()) +
        this.#draw(
          after,
          number === 0 ? `on/${index}` : `on/${index}/${number}`,
        );
      this.#held += held;
      const repeated = repeats ? message : undefined;
      this.#later(due, () => {
        this.#held -= held;
        this.#send(write, index, repeated);
      });
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
    this.#forget();
    this.#x.stop = this.#x.leave = undefined;
  }

  /** Forgets everything that waits for its time. */
  #forget(): void {
    const { clock } = this.#x.plan;
    if (this.#timer !== 0) clock.cancel(this.#timer);
    this.#timer = 0;
    for (const timer of this.#replies) clock.cancel(timer);
    this.#replies.clear();
    this.#held = 0;
  }
}

function wake(conversation: Conversation): void {
  conversation.woken();
}

function sizeOf(data: MessageData): number {
  return typeof data === "string" ? byteLength(data) : data.length;
}
