import { deepEqual, equal, ok } from "node:assert/strict";
import {
  createPerfmock,
  type EngineName,
  type Perfmock,
  type PerfmockInput,
} from "../../mod.ts";
import { FULL } from "../../core/respond/websocket.ts";
import { ENGINES } from "../support/each_engine.ts";
import { call, json, post } from "../support/http.ts";
import { until } from "../support/wait.ts";

/** Registers a test for each engine that runs here. */
function eachServer(
  name: string,
  run: (engine: EngineName) => Promise<void>,
): void {
  for (const engine of ENGINES) {
    Deno.test(`${engine}: ${name}`, () => run(engine));
  }
}

function serve(
  engine: EngineName,
  websocket: object,
  more: object = {},
): Promise<Perfmock> {
  return createPerfmock({
    server: { engine },
    routes: [
      { id: "ws", path: "/ws", websocket },
      { path: "/plain", response: { text: "plain" } },
    ],
    ...more,
  } as PerfmockInput, { log: () => {} });
}

const MASK = [0x12, 0x34, 0x56, 0x78];

/** A frame as a client sends it; `bits` are those of the first byte above the opcode. */
function frame(
  opcode: number,
  payload: string | readonly number[] = "",
  { bits = 0x80, masked = true, length }: {
    readonly bits?: number;
    readonly masked?: boolean;
    /** Bytes of the length in place of the right one. */
    readonly length?: readonly number[];
  } = {},
): number[] {
  const bytes = typeof payload === "string"
    ? [...new TextEncoder().encode(payload)]
    : [...payload];
  const written = length ??
    (bytes.length < 126
      ? [bytes.length]
      : [126, bytes.length >> 8, bytes.length & 0xff]);
  return [
    bits | opcode,
    written[0] | (masked ? 0x80 : 0),
    ...written.slice(1),
    ...masked
      ? [...MASK, ...bytes.map((byte, index) => byte ^ MASK[index % 4])]
      : bytes,
  ];
}

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;

/** A client that sends any bytes. */
class RawSocket implements AsyncDisposable {
  readonly #connection: Deno.TcpConn;
  #received: number[] = [];
  #over: Promise<void> | undefined;
  #ended = false;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open({ url }: Perfmock, headers = ""): Promise<RawSocket> {
    const { hostname, port } = url;
    const connection = await Deno.connect({ hostname, port: Number(port) });
    const socket = new RawSocket(connection);
    await socket.send([
      ...new TextEncoder().encode(
        `GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
      ),
    ]);
    socket.#over = socket.#read();
    const head = () =>
      String.fromCharCode(...socket.#received).indexOf("\r\n\r\n");
    await until(() => head() >= 0 || socket.#ended);
    equal(
      String.fromCharCode(...socket.#received.slice(9, 12)),
      "101",
    );
    socket.#received.splice(0, head() + 4);
    return socket;
  }

  async send(bytes: readonly number[]): Promise<void> {
    const all = Uint8Array.from(bytes);
    for (let at = 0; at < all.length;) {
      at += await this.#connection.write(all.subarray(at));
    }
  }

  /** Ends the client's direction. */
  half(): Promise<void> {
    return this.#connection.closeWrite();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.#received.push(...buffer.subarray(0, count));
      }
    } catch {
      // The connection was reset.
    }
    this.#ended = true;
  }

  /** Frames of the server as far as they are whole: the first byte and the payload. */
  get frames(): [first: number, payload: string][] {
    const frames: [number, string][] = [];
    const bytes = this.#received;
    for (let at = 0; at + 2 <= bytes.length;) {
      const [first, short] = bytes.slice(at);
      equal(short & 0x80, 0, "a server does not mask");
      const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
      const length = extended === 0
        ? short
        : bytes.slice(at + 2, at + 2 + extended).reduce(
          (sum, byte) => sum * 256 + byte,
          0,
        );
      const from = at + 2 + extended;
      if (from + length > bytes.length) break;
      frames.push([
        first,
        String.fromCharCode(...bytes.slice(from, from + length)),
      ]);
      at = from + length;
    }
    return frames;
  }

  async received(count: number): Promise<RawSocket["frames"]> {
    await until(() => this.frames.length >= count || this.#ended);
    return this.frames;
  }

  /** Waits for the end; returns the code of the server's close, 0 for a close without one, and undefined for none. */
  async code(): Promise<number | undefined> {
    await until(() => this.#ended || this.frames.some(([one]) => one === 0x88));
    const close = this.frames.find(([first]) => first === 0x88);
    if (close === undefined) return undefined;
    const [, payload] = close;
    return payload === ""
      ? 0
      : payload.charCodeAt(0) * 256 + payload.charCodeAt(1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#connection.close();
    } catch {
      // The server was first.
    }
    await this.#over;
  }
}

const codeOf = (code: number) => [code >> 8, code & 0xff];

/** Bytes that a client sends, and the code with which it is closed. */
const TABLE: readonly (readonly [
  what: string,
  sent: readonly number[],
  code: number,
])[] = [
  ["a frame without a mask", frame(TEXT, "a", { masked: false }), 1002],
  ["a reserved bit", frame(TEXT, "a", { bits: 0xc0 }), 1002],
  ["an opcode that is reserved", frame(3, "a"), 1002],
  ["a control opcode that is reserved", frame(11, "a"), 1002],
  ["a ping in fragments", frame(PING, "a", { bits: 0 }), 1002],
  ["a long ping", frame(PING, "a".repeat(126)), 1002],
  ["a continuation of nothing", frame(0, "a"), 1002],
  [
    "a message within another",
    [...frame(TEXT, "a", { bits: 0 }), ...frame(TEXT, "b")],
    1002,
  ],
  ["a text that is not UTF-8", frame(TEXT, [0xff, 0xfe]), 1007],
  [
    "a character cut at the end of a text",
    [...frame(TEXT, [0xc3], { bits: 0 }), ...frame(0)],
    1007,
  ],
  [
    "a length beyond what there is",
    frame(BINARY, "", { length: [127, 0x80, 0, 0, 0, 0, 0, 0, 0] }),
    1002,
  ],
  [
    "an announcement of much",
    frame(BINARY, "", { length: [127, 0, 0, 1, 0, 0, 0, 0, 0] }),
    1009,
  ],
  ["half of a close code", frame(CLOSE, [3]), 1002],
  ["a close code that is not sent", frame(CLOSE, codeOf(1005)), 1002],
  ["an unknown close code", frame(CLOSE, codeOf(999)), 1002],
  ["a close whose reason is not UTF-8", frame(CLOSE, [3, 232, 0xff]), 1007],
  ["a close", frame(CLOSE, [...codeOf(3000), 98]), 3000],
  ["a close without a code", frame(CLOSE), 0],
];

/** Errors of the table that Deno's framing tolerates. */
const TOLERATED: ReadonlySet<string> = new Set([
  "a frame without a mask",
  "a character cut at the end of a text",
]);

eachServer(
  "a client that breaks the protocol is closed with the right code, and no other notices",
  async (engine) => {
    await using server = await serve(engine, { echo: true });
    await using other = await RawSocket.open(server);
    const table = engine === "deno"
      ? TABLE.filter(([what]) => !TOLERATED.has(what))
      : TABLE;
    for (const [index, [what, sent, code]] of table.entries()) {
      await using socket = await RawSocket.open(server);
      await socket.send(sent);
      const received = await socket.code();
      // Deno's framing mostly ends the connection without a code.
      if (engine !== "deno") equal(received, code, what);
      await until(() => server.requests().length > index);
      const { webSocket, outcome } = server.requests()[index];
      if (engine !== "deno") {
        equal(webSocket?.code, code === 0 ? 1005 : code, what);
        equal(outcome, "answered", what);
      }
      equal(webSocket?.messagesReceived, 0, what);
    }
    await other.send(frame(TEXT, "still"));
    deepEqual(await other.received(1), [[0x81, "still"]]);
    equal(server.inFlight, 1);
  },
);

eachServer(
  "messages in fragments arrive whole, with pings between, however the bytes come",
  async (engine) => {
    await using server = await serve(engine, { echo: true });
    const sent = [
      ...frame(TEXT, "hé".slice(0, 1), { bits: 0 }),
      ...frame(PING, "p"),
      ...frame(0, [0xc3], { bits: 0 }),
      ...frame(0, "", { bits: 0 }),
      ...frame(0, [0xa9]),
      ...frame(BINARY, [0, 255]),
    ];
    for (const size of [1, 7, sent.length]) {
      await using socket = await RawSocket.open(server);
      for (let at = 0; at < sent.length; at += size) {
        await socket.send(sent.slice(at, at + size));
      }
      deepEqual(await socket.received(3), [
        [0x8a, "p"],
        [0x81, "h\u00c3\u00a9"],
        [0x82, "\0\u00ff"],
      ]);
    }
  },
);

eachServer("a client that ends its direction is gone", async (engine) => {
  await using server = await serve(engine, { echo: true });
  await using socket = await RawSocket.open(server);
  await socket.half();
  await until(() => server.requests().length > 0);
  const { outcome, webSocket } = server.requests()[0];
  deepEqual([outcome, webSocket?.code], ["gone", 1006]);
});

eachServer(
  "once a server has begun to close it sends nothing more, and counts nothing",
  async (engine) => {
    await using server = await serve(engine, {
      messages: [{ send: "a" }, { after: "1ms", send: "b" }],
      repeat: true,
      on: { "*": { after: "30ms", send: "late" } },
      close: { after: "20ms", code: 4000 },
    });
    await using socket = await RawSocket.open(server);
    await socket.send(frame(TEXT, "x"));
    equal(await socket.code(), 4000);
    const sent = socket.frames.length - 1;
    // A client that takes its time to answer the close.
    await new Promise((resolve) => setTimeout(resolve, 40));
    await socket.send(frame(CLOSE, codeOf(4000)));
    await until(() => server.requests().length > 0);
    const { webSocket } = server.requests()[0];
    equal(webSocket?.code, 4000);
    equal(webSocket?.messagesSent, sent);
    equal(server.stats().routes.ws.webSockets?.messagesSent, sent);
    ok(socket.frames.at(-1)?.[0] === 0x88, "the close comes last");
  },
);

eachServer(
  "a change of the configuration leaves an open WebSocket to its script, and the end of its session closes it",
  async (engine) => {
    await using server = await serve(engine, {
      on: { "*": "before" },
    });
    await json(call(server, "/_perfmock/sessions", post({ name: "one" })));
    await using socket = await RawSocket.open(server);
    await using own = await RawSocket.open(server, "Perfmock-Session: one\r\n");
    await call(server, "/_perfmock/routes/ws", {
      method: "PATCH",
      body: JSON.stringify({ websocket: { on: { "*": "after" } } }),
    });
    await using second = await RawSocket.open(server);
    for (const one of [socket, second, own]) await one.send(frame(TEXT, "x"));
    deepEqual(await socket.received(1), [[0x81, "before"]]);
    deepEqual(await second.received(1), [[0x81, "after"]]);
    deepEqual(await own.received(1), [[0x81, "before"]]);
    await call(server, "/_perfmock/sessions/one", { method: "DELETE" });
    equal(await own.code(), 1001);
    equal(server.inFlight, 2);
  },
);

eachServer(
  "replies repeat values of the message that they reply to, several to one, as graphql-transport-ws has it",
  async (engine) => {
    const next = (price: number) => ({
      id: "{{body.id}}",
      type: "next",
      payload: { data: { price } },
    });
    await using server = await serve(engine, {
      protocols: ["graphql-transport-ws"],
      on: {
        '*"type":"connection_init"*': { send: { type: "connection_ack" } },
        '*"type":"subscribe"*': [
          { send: next(1) },
          { after: "20ms", send: next(2) },
          { send: { id: "{{body.id}}", type: "complete" } },
          "{{index}} {{body.payload.query}}",
        ],
      },
    });
    await using socket = await RawSocket.open(server);
    const send = (message: object) =>
      socket.send(frame(TEXT, JSON.stringify(message)));
    await send({ type: "connection_init" });
    const query = "subscription { price }";
    await send({ id: "a-1", type: "subscribe", payload: { query } });
    await send({ id: "a-2", type: "subscribe", payload: { query } });
    const texts = (await socket.received(9)).map(([, text]) => text);
    const of = (id: string) =>
      texts.filter((text) => text.includes(id)).map((text) => JSON.parse(text));
    deepEqual(JSON.parse(texts[0]), { type: "connection_ack" });
    for (const id of ["a-1", "a-2"]) {
      deepEqual(of(id), [
        { id, type: "next", payload: { data: { price: 1 } } },
        { id, type: "next", payload: { data: { price: 2 } } },
        { id, type: "complete" },
      ]);
    }
    deepEqual(texts.filter((text) => text.endsWith(query)), [
      `1 ${query}`,
      `2 ${query}`,
    ]);
  },
);

Deno.test("replies that wait hold no more of a client's messages than their bound", async () => {
  await using server = await serve(ENGINES[0], {
    on: { "*": { after: "1h", send: "{{body}}" } },
  });
  await using socket = await RawSocket.open(server);
  const large = frame(TEXT, "x".repeat(65_000));
  const most = Math.floor(FULL / 65_000);
  for (let i = 0; i <= most; i++) await socket.send(large);
  equal(await socket.code(), 1008);
  await socket.send(frame(CLOSE, codeOf(1008)));
  await until(() => server.requests().length > 0);
  equal(server.requests()[0].webSocket?.messagesReceived, most + 1);
});
