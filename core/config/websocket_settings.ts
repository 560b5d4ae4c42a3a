/**
 * Settings of a route that opens WebSockets, `websocket`.
 *
 * @module
 */
import { z } from "zod";
import type { Distribution, Kit } from "../contract/values.ts";
import { isCloseCode } from "../websocket/frames.ts";
import type { FaultSettings } from "./fault_settings.ts";
import { JSON_VALUE } from "./kit.ts";
import type { ResponseSettings } from "./response_settings.ts";
import { worded } from "./worded.ts";

/** Data of a message as users write it: text, bytes in Base64, or any other value, which is sent as JSON. */
export type MessageInput = unknown;

/** A route's WebSocket as users write it. */
export interface WebSocketInput {
  /** Messages that the server sends, one after another. */
  readonly messages?: readonly {
    /** Time since the message before, or since the opening: a distribution. Default 0. */
    readonly after?: unknown;
    /** Data: a text, `{ binary: "…" }` in Base64, or a value sent as JSON. May contain places, including `{{index}}`. */
    readonly send: MessageInput;
  }[];
  /** Number of times that the messages are sent, or true for ever. Default 1. */
  readonly repeat?: number | boolean;
  /** True to send each message back that nothing else replies to. Default false. */
  readonly echo?: boolean;
  /**
   * Replies to texts, by pattern, in which `*` stands for any text: a text, an entry as in `messages`, or a list of them. The first
   * pattern that matches replies. In a reply `{{body}}` is the message it replies to.
   */
  readonly on?: Readonly<Record<string, MessageInput>>;
  /** Close by the server. Default: the client closes. */
  readonly close?: {
    /** Code, 1000…4999. Default 1000. */
    readonly code?: number;
    /** Reason, at most 123 bytes. Default none. */
    readonly reason?: string;
    /** Time since the last message, or since the opening if there are none or they go on for ever. Default 0. */
    readonly after?: unknown;
  };
  /** Protocols that are accepted. Default: the first that the client offers. */
  readonly protocols?: readonly string[];
  /** Maximum size of a client's message. Default "1MiB". */
  readonly maxMessage?: string | number;
}

/** Data of a message to send. */
export type MessageSettings =
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly binary: Uint8Array<ArrayBuffer> };

/** A message to send, and the time before. */
export interface TimedMessage {
  /** Time since the message before, or since the handshake; undefined for none. */
  readonly after: Distribution | undefined;
  /** Message. */
  readonly send: MessageSettings;
}

/** A route's WebSocket, parsed. */
export interface WebSocketSettings {
  /** Messages in their order. */
  readonly messages: readonly TimedMessage[];
  /** Number of times that the messages are sent; Infinity for ever. */
  readonly repeat: number;
  /** True to send each message of the client back. */
  readonly echo: boolean;
  /** Patterns in their order, each with its replies, at least one. */
  readonly on: readonly {
    readonly pattern: string;
    readonly replies: readonly TimedMessage[];
  }[];
  /** Close frame of the server; undefined for none. */
  readonly close?: {
    readonly code: number;
    readonly reason: string;
    readonly after: Distribution | undefined;
  } | undefined;
  /** Protocols that are accepted; undefined for any. */
  readonly protocols?: readonly string[] | undefined;
  /** Maximum size of a client's message, in bytes. */
  readonly maxMessage: number;
}

/** Default of the maximum size of a client's message, in bytes. */
export const MAX_MESSAGE = 1 << 20;

/** Maximum number of messages that reply to one. */
export const MOST_IN_REPLY = 100;

/** Maximum size of a reason: a close frame has 125 bytes, of which the code takes 2. */
const REASON = 123;

const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Makes the type of `websocket`. */
export function webSocketType(kit: Kit): z.ZodType<WebSocketSettings> {
  const message = z.strictObject(worded({
    after: kit.distribution().optional(),
    send: dataType(),
  }, {
    after:
      "Time since the message before, or since the opening; of a reply, since the client's message. Default: none",
    send:
      "Data of the message; it may contain placeholders, including {{index}}",
  }));
  const reply = z.union([
    z.string().transform((text) => ({ send: { text } })),
    message,
  ]);
  const close = z.strictObject(worded({
    code: kit.integer({ min: 1000, max: 4999 }).default(1000),
    reason: z.string().default(""),
    after: kit.distribution().optional(),
  }, {
    code: "Code of the close frame",
    reason: "Reason of the close frame, at most 123 bytes",
    after:
      "Time since the last message, or since the opening if there are none or they go on for ever. Default: none",
  })).superRefine(({ code, reason }, context) => {
    const refuse = (path: string, message: string, allowed: string) =>
      context.addIssue({
        code: "custom",
        path: [path],
        message,
        params: { allowed },
      });
    if (!isCloseCode(code as number)) {
      refuse(
        "code",
        `A close frame cannot have the code ${code}`,
        "1000 to 1003, 1007 to 1014, or 3000 to 4999",
      );
    }
    if (new TextEncoder().encode(reason).length > REASON) {
      refuse(
        "reason",
        "The reason of a close is too long",
        `at most ${REASON} bytes of UTF-8`,
      );
    }
  });
  return z.strictObject(worded({
    messages: z.array(message).default([]),
    repeat: z.union([z.boolean(), kit.integer({ min: 1, max: 1_000_000 })])
      .default(1),
    echo: z.boolean().default(false),
    on: z.record(
      z.string(),
      z.union([reply, z.array(reply).min(1).max(MOST_IN_REPLY)]),
    ).default({}),
    close: close.optional(),
    protocols: z.array(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, {
        error: "The name of a protocol has no spaces and no separators",
      }),
    ).optional(),
    maxMessage: kit.size({ min: 1, max: 256 << 20 }).default(MAX_MESSAGE),
  }, {
    messages: "Messages that the server sends, one after another",
    repeat: "Number of times that the messages are sent, or true for ever",
    echo: "True to send each message back that nothing else replies to",
    on:
      "Replies to texts, by pattern, in which * stands for any text; the first that matches replies",
    close: "Close by the server. Default: the client closes",
    protocols:
      "Protocols that are accepted. Default: the first that the client offers",
    maxMessage:
      "Maximum size of a client's message; a larger one closes the connection",
  })).superRefine(({ messages, repeat }, context) => {
    const still = (messages as readonly TimedMessage[]).every(({ after }) =>
      after === undefined || after.mean === 0
    );
    if (repeat !== true || messages.length > 0 && !still) return;
    context.addIssue({
      code: "custom",
      path: ["repeat"],
      message: messages.length === 0
        ? "There are no messages to repeat"
        : "Messages without a time between them would be sent without end",
      params: {
        allowed: messages.length === 0
          ? '"messages" beside it'
          : 'an "after" above 0, or a number of times',
      },
    });
  }).transform(({ on, repeat, ...rest }) => ({
    ...rest,
    repeat: repeat === true ? Infinity : Number(repeat || 1),
    on: Object.entries(on).map(([pattern, written]) => ({
      pattern,
      replies: [written].flat(),
    })),
  })) as unknown as z.ZodType<WebSocketSettings>;
}

/** Refuses settings of answers on a route that opens WebSockets. */
export function plainWebSocket(
  {
    websocket,
    method = ["GET"],
    response,
    responses,
    wire,
    faults,
  }: {
    readonly websocket?: unknown;
    readonly method?: readonly string[] | undefined;
    readonly response?: Partial<ResponseSettings> | undefined;
    readonly responses?: unknown;
    readonly wire?: unknown;
    readonly faults: readonly FaultSettings[];
  },
  context: z.RefinementCtx,
): void {
  if (websocket === undefined) return;
  const refuse = (
    path: (string | number)[],
    message: string,
    allowed: string,
  ) => context.addIssue({ code: "custom", path, message, params: { allowed } });
  const { status = 200, headers: _, ...body } = response ?? {};
  const [kind] = Object.keys(body);
  if (method.length !== 1 || method[0] !== "GET") {
    refuse(["method"], "A WebSocket is opened by GET", '"GET", or nothing');
  }
  if (kind !== undefined || status !== 200) {
    refuse(
      ["response", kind ?? "status"],
      "A route that opens WebSockets answers with 101 and messages",
      'no more than "headers"',
    );
  }
  if (responses !== undefined) {
    refuse(
      ["responses"],
      "A route that opens WebSockets has no responses in turn",
      'a "response" with "headers"',
    );
  }
  if (wire !== undefined) {
    refuse(
      ["wire"],
      "A WebSocket has no body to pace",
      '"after" of its messages',
    );
  }
  for (const [index, { action }] of faults.entries()) {
    if (action !== "cut-body") continue;
    refuse(
      ["faults", index, "action"],
      "A WebSocket has no body to cut",
      '"connection-reset", "hang", or a status',
    );
  }
}

/** Makes the type of the data of a message. */
function dataType() {
  return z.union([
    z.string().transform((text) => ({ text })),
    z.strictObject(worded({
      binary: z.string().regex(BASE64, {
        error: "Must be bytes in Base64, such as AAEC/w==",
      }).transform((text) =>
        Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0))
      ),
    }, { binary: "Bytes in Base64, such as AAEC/w==" })),
    JSON_VALUE.transform((json) => ({ json })),
  ]).meta({
    description:
      'a text, { "binary": "…" } in Base64, or any other value, which is sent as JSON',
  });
}
