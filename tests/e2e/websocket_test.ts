import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  createPerfmock,
  type Perfmock,
  type PerfmockInput,
} from "../../mod.ts";
import type { PerfmockError } from "../../core/errors.ts";
import { type AutoEngine, ENGINES } from "../support/each_engine.ts";
import type { EngineName } from "../../mod.ts";
import { simulate } from "../support/simulation.ts";
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

type Engine = EngineName | AutoEngine;

/** Serves one route that opens WebSockets, and a plain one. */
function serve(engine: Engine, route: object): Promise<Perfmock> {
  return createPerfmock({
    server: { engine },
    routes: [
      { id: "ws", path: "/ws/:room", ...route },
      { id: "plain", path: "/plain", response: { text: "plain" } },
    ],
  } as PerfmockInput, { log: () => {} });
}

/** A client, and everything that it received. */
class Client {
  readonly messages: (string | number[])[] = [];
  readonly socket: WebSocket;
  closed: readonly [code: number, reason: string] | undefined;
  failed: string | undefined;

  constructor(
    server: Pick<Perfmock, "url">,
    path = "/ws/a",
    protocols: string[] = [],
  ) {
    const url = new URL(path, server.url);
    this.socket = new WebSocket(`ws://${url.host}${path}`, protocols);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) =>
      void this.messages.push(
        typeof data === "string" ? data : [...new Uint8Array(data)],
      );
    this.socket.onclose = ({ code, reason }) => {
      this.closed = [code, reason];
    };
    this.socket.onerror = (event) => {
      this.failed = (event as ErrorEvent).message;
    };
  }

  async opened(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN);
    return this;
  }

  async received(count: number): Promise<typeof this.messages> {
    await until(() => this.messages.length >= count);
    return this.messages;
  }

  async ended(): Promise<readonly [number, string]> {
    await until(() => this.closed !== undefined);
    return this.closed ?? [0, ""];
  }
}

/** Waits for the journal's entry of an exchange that has ended. */
async function entry(server: Perfmock, number = 0) {
  await until(() => server.requests().length > number);
  return server.requests()[number];
}

eachServer(
  "messages are sent in turn, with values of the request, and the server closes",
  async (engine) => {
    await using server = await serve(engine, {
      serviceTime: "5ms",
      websocket: {
        messages: [
          { send: { room: "{{path.room}}", n: "{{index}}" } },
          {
            after: "exponential(mean=1ms)",
            send: "tick {{index}} {{query.q}}",
          },
          { send: { binary: "AAH/" } },
        ],
        repeat: 2,
        close: { after: "1ms", code: 4001, reason: "done" },
      },
    });
    const client = new Client(server, "/ws/b?q=x");
    deepEqual(await client.ended(), [4001, "done"]);
    deepEqual(client.messages, [
      '{"room":"b","n":0}',
      "tick 1 x",
      [0, 1, 255],
      '{"room":"b","n":3}',
      "tick 4 x",
      [0, 1, 255],
    ]);
    const { outcome, status, drawnMs, webSocket, path } = await entry(server);
    deepEqual([outcome, status, drawnMs, path], [
      "answered",
      101,
      5,
      "/ws/b?q=x",
    ]);
    deepEqual(webSocket, {
      messagesSent: 6,
      messagesReceived: 0,
      bytesSent: 2 * (18 + 8 + 3),
      bytesReceived: 0,
      code: 4001,
    });
    const { webSockets } = server.stats().routes.ws;
    deepEqual(webSockets?.closes, { 4001: 1 });
    deepEqual([webSockets?.open, webSockets?.messagesSent], [0, 6]);
    const metrics = await fetch(new URL("/metrics", server.url));
    const text = await metrics.text();
    for (
      const line of [
        'perfmock_websockets_open{route="ws"} 0',
        'perfmock_websocket_messages_total{route="ws",direction="sent"} 6',
        'perfmock_websocket_closes_total{route="ws",code="4001"} 1',
      ]
    ) ok(text.includes(line), line);
  },
);

eachServer(
  "replies by pattern come before the echo, late ones at their time, and the client closes",
  async (engine) => {
    await using server = await serve(engine, {
      websocket: {
        echo: true,
        on: {
          ping: "pong {{index}}",
          "sub *": { after: "20ms", send: { ok: true } },
        },
      },
    });
    const client = await new Client(server).opened();
    for (const text of ["hello", "sub x", "ping", "pinging"]) {
      client.socket.send(text);
    }
    client.socket.send(Uint8Array.of(1, 2));
    deepEqual(await client.received(5), [
      "hello",
      "pong 2",
      "pinging",
      [1, 2],
      '{"ok":true}',
    ]);
    client.socket.close(3001, "bye");
    deepEqual(await client.ended(), [3001, engine === "deno" ? "bye" : ""]);
    const { outcome, webSocket } = await entry(server);
    equal(outcome, "answered");
    deepEqual([webSocket?.code, webSocket?.messagesReceived], [3001, 5]);
  },
);

eachServer(
  "a protocol is agreed on: the first that the client offers, or that is listed",
  async (engine) => {
    await using server = await createPerfmock({
      server: { engine },
      routes: [
        { path: "/ws/any", websocket: {} },
        { path: "/ws/some", websocket: { protocols: ["b", "c"] } },
      ],
    });
    const any = await new Client(server, "/ws/any", ["a", "b"]).opened();
    const some = await new Client(server, "/ws/some", ["a", "c", "b"]).opened();
    deepEqual([any.socket.protocol, some.socket.protocol], ["a", "c"]);
    for (const { socket } of [any, some]) socket.close();
    await Promise.all([any.ended(), some.ended()]);
  },
);

eachServer(
  "a WebSocket on a plain route, and a plain request on one that opens WebSockets, are told so",
  async (engine) => {
    await using server = await serve(engine, { websocket: { echo: true } });
    const on = async (path: string, headers: Record<string, string> = {}) => {
      const { hostname, port } = server.url;
      await using connection = await Deno.connect({
        hostname,
        port: Number(port),
      });
      const lines = Object.entries({
        Host: "localhost",
        Connection: "close",
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      await connection.write(
        new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines}\r\n`),
      );
      const text = await new Response(connection.readable).text();
      return { status: text.slice(9, 12), text };
    };
    const asked = {
      Connection: "Upgrade, close",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const plain = await on("/plain", asked);
    equal(plain.status, "400");
    ok(plain.text.includes("This route opens no WebSocket"), plain.text);
    const missing = await on("/ws/a");
    equal(missing.status, "426");
    ok(/\r\nupgrade: websocket\r\n/i.test(missing.text), missing.text);
    ok(missing.text.includes("new WebSocket"), missing.text);
    const old = await on("/ws/a", { ...asked, "Sec-WebSocket-Version": "8" });
    equal(old.status, "426");
    ok(/\r\nsec-websocket-version: 13\r\n/i.test(old.text), old.text);
    const keyless = await on("/ws/a", { ...asked, "Sec-WebSocket-Key": "x" });
    equal(keyless.status, "400");
    equal((await on("/nowhere", asked)).status, "404");
    // An offer of another protocol is declined.
    equal((await on("/plain", { ...asked, Upgrade: "h2c" })).status, "200");
    const { ws, plain: counted } = server.stats().routes;
    deepEqual(
      [ws.arrivals, counted.arrivals],
      [0, 1],
      "refused before arrival",
    );
    equal(server.stats().unmatched, 5);
  },
);

eachServer("faults take the place of the handshake", async (engine) => {
  const faults = engine === "deno"
    ? [{ first: 1, status: 503 }]
    : [{ first: 1, status: 503 }, { share: 1, action: "connection-reset" }];
  await using server = await serve(engine, { websocket: {}, faults });
  const refused = new Client(server);
  await until(() => refused.failed !== undefined);
  ok(refused.failed?.includes("503"), refused.failed);
  equal((await entry(server)).status, 503);
  if (engine === "deno") return;
  const reset = new Client(server);
  await until(() => reset.failed !== undefined);
  equal((await entry(server, 1)).outcome, "reset");
});

eachServer("a message beyond the limit closes with 1009", async (engine) => {
  await using server = await serve(engine, {
    websocket: { echo: true, maxMessage: "10B" },
  });
  const client = await new Client(server).opened();
  client.socket.send("0123456789");
  client.socket.send("0123456789a");
  equal((await client.ended())[0], 1009);
  deepEqual(client.messages, ["0123456789"]);
  equal((await entry(server)).webSocket?.code, 1009);
});

eachServer("a client that goes without a close is gone", async (engine) => {
  await using server = await serve(engine, { websocket: {} });
  const { hostname, port } = server.url;
  const connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(
    new TextEncoder().encode(
      "GET /ws/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ),
  );
  await connection.read(new Uint8Array(1000));
  equal(server.inFlight, 1);
  connection.close();
  const { outcome, webSocket, status } = await entry(server);
  deepEqual([outcome, webSocket?.code, status], ["gone", 1006, 101]);
  equal(server.inFlight, 0);
});

eachServer(
  "the end of the server closes WebSockets with 1001, and waits for none that has been closed",
  async (engine) => {
    const server = await serve(engine, { websocket: { echo: true } });
    const clients = [new Client(server), new Client(server)];
    for (const client of clients) await client.opened();
    const begun = performance.now();
    await server.drain();
    ok(performance.now() - begun < 9000, "not the whole drainTimeout");
    for (const client of clients) {
      deepEqual(await client.ended(), [1001, "The server is shutting down"]);
    }
    deepEqual(
      server.requests().map((
        { outcome, webSocket },
      ) => [outcome, webSocket?.code]),
      [["answered", 1001], ["answered", 1001]],
    );
  },
);

eachServer(
  "large messages and many of them arrive whole, both ways",
  async (engine) => {
    await using server = await serve(engine, {
      websocket: { echo: true, maxMessage: "4MiB" },
    });
    const client = await new Client(server).opened();
    const large = "é".repeat(1_000_000);
    client.socket.send(large);
    for (let i = 0; i < 500; i++) {
      client.socket.send(
        `${i} ${"x".repeat(2000)}`,
      );
    }
    const messages = await client.received(501);
    equal(messages[0], large);
    for (let i = 0; i < 500; i++) {
      equal(messages[i + 1], `${i} ${"x".repeat(2000)}`);
    }
    client.socket.close();
    await client.ended();
  },
);

Deno.test("a pool's place is held as long as a WebSocket is open", async () => {
  await using server = await serve(ENGINES[0], {
    websocket: {},
    limiter: { concurrency: 1, queue: 1 },
  });
  const first = await new Client(server).opened();
  const second = new Client(server);
  await until(() => server.inFlight === 2);
  equal(second.socket.readyState, WebSocket.CONNECTING);
  first.socket.close();
  await second.opened();
  second.socket.close();
  await second.ended();
  const [one, two] = [await entry(server), await entry(server, 1)];
  equal(one.queueMs, 0);
  ok(two.queueMs > 0, `${two.queueMs}`);
});

Deno.test("in a simulation a WebSocket lasts until its close", async () => {
  const ended: number[] = [];
  const websocket = {
    messages: [{ after: "10ms", send: "a" }, { after: "30ms", send: "b" }],
    repeat: 3,
    close: { after: "5ms" },
  };
  const summary = await simulate({
    config: {
      routes: [{
        path: "/",
        serviceTime: "20ms",
        limiter: { concurrency: 1, queue: 100 },
        websocket,
      }],
    },
    scenarios: {
      load: {
        executor: "arrival-rate",
        arrivals: "uniform",
        rate: "100/s",
        duration: "40ms",
        requests: [{ path: "/" }],
      },
    },
    observe: ({ status, start, arrival }) => {
      equal(status, 101);
      ended.push(Math.round(start - arrival));
    },
  });
  equal(summary.scenarios.load.completed, 4);
  // Each holds the place for 20 ms, three times 40 ms, and 5 ms.
  deepEqual(ended, [0, 135, 270, 405]);
});

Deno.test("in a simulation a WebSocket whose messages go on for ever holds its place until its client gives up", async () => {
  const summary = await simulate({
    config: {
      routes: [{
        path: "/",
        limiter: { concurrency: 1, queue: 100 },
        websocket: { messages: [{ after: "10ms", send: "a" }], repeat: true },
      }],
    },
    scenarios: {
      load: {
        executor: "shared-iterations",
        iterations: 3,
        users: 3,
        requests: [{ path: "/", timeout: "1s" }],
      },
    },
  });
  const { started, failed } = summary.scenarios.load;
  deepEqual([started, failed], [3, 3]);
});

Deno.test("what is wrong with a WebSocket's settings is told, all at once", async () => {
  const errors = async (route: object) => {
    const found = await createPerfmock({
      routes: [{ path: "/ws/:room", ...route }],
    } as PerfmockInput, { listen: false }).catch((error) => error);
    return (found as PerfmockError).issues.map(({ path }) =>
      path.slice("/routes/0/".length)
    ).toSorted();
  };
  deepEqual(
    await errors({
      method: "POST",
      response: { text: "x", headers: { a: "b" } },
      wire: { gap: "1ms" },
      faults: [{ share: 0.1, action: "cut-body" }],
      websocket: {},
    }),
    ["faults/0/action", "method", "response/text", "wire"],
  );
  deepEqual(
    await errors({
      websocket: {
        messages: [{ send: { binary: "?" }, afer: "1ms" }, {
          send: "{{path.rom}}",
        }],
        repeat: 0,
        close: { code: 1005, reason: "x".repeat(124) },
        on: { a: { send: "{{indx}}" } },
        protocols: ["a b"],
        maxMessage: 0,
      },
    }).then((paths) => paths.filter((path) => !path.includes("binary"))),
    [
      "websocket/close/code",
      "websocket/close/reason",
      "websocket/maxMessage",
      "websocket/messages/0/afer",
      "websocket/messages/1/send",
      "websocket/on/a/send",
      "websocket/protocols/0",
      "websocket/repeat",
    ],
  );
  for (const messages of [[], [{ send: "a" }]]) {
    deepEqual(await errors({ websocket: { messages, repeat: true } }), [
      "websocket/repeat",
    ]);
  }
  await rejects(
    createPerfmock({
      routes: [{ path: "/", websocket: { mesages: [] } }],
    } as unknown as PerfmockInput, { listen: false }),
    ({ issues }: PerfmockError) => issues[0].suggestion === "messages",
  );
});
