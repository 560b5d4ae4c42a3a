/**
 * Clients of the torture suite: each is a loop that ends when the torture is over.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { type Chance, generate } from "../fuzz/_generator.ts";
import type { Outcome, Tally } from "./_torture_tally.ts";

/** State that all clients share. */
export interface Torture {
  /** URL of the server. */
  readonly url: URL;
  /** Outcomes. */
  readonly tally: Tally;
  /** True when clients have to end. */
  readonly over: boolean;
}

/** A client: runs until the torture is over. */
export type Client = (torture: Torture, chance: Chance) => Promise<void>;

/** Resolves after a time, in ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Requests of one kind. */
interface RequestClass {
  readonly path: string | ((chance: Chance) => string);
  readonly allowed: readonly Outcome[];
  readonly init?: (chance: Chance) => RequestInit;
  /** Time after which the client leaves, in ms. Default: 20 s, which no answer takes. */
  readonly patience?: number;
}

/** Maximum time that any answer may take that comes, in ms. */
const PATIENCE = 20_000;

/** Sends one request and counts its outcome. */
export async function ask(
  { url, tally }: Torture,
  name: string,
  {
    path,
    init = {},
    allowed,
    patience = PATIENCE,
  }: {
    readonly path: string;
    readonly init?: RequestInit & { client?: Deno.HttpClient };
    readonly allowed: readonly Outcome[];
    readonly patience?: number;
  },
): Promise<string | undefined> {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), patience);
  try {
    const response = await fetch(new URL(path, url), {
      ...init,
      signal: leaving.signal,
    });
    const text = await response.text();
    tally.add(name, response.status, allowed, text);
    return text;
  } catch (error) {
    tally.add(
      name,
      leaving.signal.aborted ? "late" : "broken",
      allowed,
      String(error),
    );
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Requests of the mixed load, by class. */
const MIXED: Readonly<Record<string, RequestClass>> = {
  fixed: { path: "/fixed", allowed: [200] },
  template: {
    path: (chance) => `/template/${chance.below(1e6)}?q=%3C${"é".repeat(5)}`,
    allowed: [200],
  },
  // A file that changes while it leaves ends early.
  file: {
    path: (chance) => `/file/${chance.of(["a", "b", "c", "none"])}.txt`,
    allowed: [200, 206, 304, 404, 416, "broken"],
    init: (chance) => ({
      headers: chance.below(2) === 0
        ? []
        : [["range", `bytes=${chance.below(100)}-${chance.below(2000)}`]],
    }),
  },
  events: { path: "/events", allowed: [200] },
  paced: { path: "/paced", allowed: [200] },
  large: { path: "/large", allowed: [200] },
  proxy: {
    path: (chance) =>
      `/upstream/${chance.of(["ok", "ok", "late", "broken", "large"])}`,
    allowed: [200, 502, 504, "broken"],
    init: (chance) =>
      chance.below(2) === 0 ? {} : { method: "POST", body: "x".repeat(2000) },
  },
  faulty: {
    path: "/faulty",
    allowed: [200, 500, "broken", "late"],
    patience: 300,
  },
  limited: { path: "/limited", allowed: [200, 503] },
  rated: {
    path: "/rated",
    allowed: [200, 429],
    init: (chance) => ({ headers: { "x-key": `${chance.below(100)}` } }),
  },
  degraded: { path: "/degraded", allowed: [200, 503, "broken"] },
  upload: {
    path: "/upload",
    allowed: [200],
    init: (chance) => ({
      method: "POST",
      body: "x".repeat(chance.below(200_000)),
    }),
  },
  "too large an upload": {
    path: "/upload",
    allowed: [200, 413, "broken"],
    init: () => ({ method: "POST", body: new Uint8Array(2 * 1024 * 1024) }),
  },
  changing: { path: "/changing", allowed: [200, 404] },
  "failing plugin": {
    path: (chance) =>
      `/bad/${
        chance.of(["throw", "reject", "nonsense", "release", "stray", "clock"])
      }`,
    allowed: [200, 500],
  },
  "hanging plugin": {
    path: (chance) => `/bad/${chance.of(["hang", "ticket"])}`,
    allowed: ["late"],
    patience: 100,
  },
  leaving: { path: "/limited", allowed: [200, 503, "late"], patience: 5 },
  override: {
    path: "/fixed",
    allowed: [200, 503],
    init: (chance) => ({
      headers: {
        "perfmock-override": chance.of([
          "delay=3ms",
          "fault=503",
          "delay=x,,,=",
          "o".repeat(900),
        ]),
      },
    }),
  },
  missing: { path: "/nothing", allowed: [404] },
  method: { path: "/fixed", allowed: [405], init: () => ({ method: "PUT" }) },
  health: { path: "/_perfmock/health", allowed: [200] },
  stats: { path: "/_perfmock/stats", allowed: [200] },
  requests: { path: "/_perfmock/requests?limit=20", allowed: [200] },
  metrics: { path: "/metrics", allowed: [200] },
};

/** Sends requests of all classes, one after the other. */
export const mixed: Client = async (torture, chance) => {
  const classes = Object.entries(MIXED);
  while (!torture.over) {
    const [name, { path, init, ...rest }] = chance.of(classes);
    await ask(torture, name, {
      path: typeof path === "string" ? path : path(chance),
      ...init !== undefined && { init: init(chance) },
      ...rest,
    });
    await pause(chance.below(20));
  }
};

/** Opens a connection; its errors are no matter of the client. */
function open({ url }: Torture): Socket {
  const socket = connect(Number(url.port), url.hostname);
  socket.on("error", () => {});
  return socket;
}

const HEAD = "GET /paced HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyy\r\n";

/** Sends heads and bodies piece by piece, and leaves at any point of them: by a reset, a close, or a half-close. */
export const slow: Client = async (torture, chance) => {
  while (!torture.over) {
    const socket = open(torture);
    const text = chance.of([
      `${HEAD}\r\n`,
      `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n${
        "b".repeat(50)
      }`,
      "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      `PATCH /_perfmock/config HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n${
        " ".repeat(60)
      }`,
    ]);
    const end = chance.below(text.length + 30);
    for (let at = 0; at < Math.min(end, text.length) && !torture.over;) {
      const size = 1 + chance.below(20);
      socket.write(text.slice(at, Math.min(at + size, end)));
      at += size;
      await pause(chance.below(40));
    }
    await leave(socket, chance);
    torture.tally.add("slow client", "late", ["late"]);
  }
};

async function leave(socket: Socket, chance: Chance): Promise<void> {
  switch (chance.below(3)) {
    case 0:
      if (!socket.destroyed) socket.resetAndDestroy();
      return;
    case 1:
      socket.end();
      await pause(chance.below(200));
      break;
  }
  socket.destroy();
}

/** Asks for large bodies and streams, and does not read them. */
export const slowReader: Client = async (torture, chance) => {
  while (!torture.over) {
    const socket = open(torture);
    socket.pause();
    const path = chance.of([
      "/large",
      "/paced",
      "/events",
      "/upstream/large",
      "/_perfmock/live?interval=100ms",
      "/_perfmock/stats",
    ]);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(3));
    await pause(500 + chance.below(2000));
    await leave(socket, chance);
    torture.tally.add("slow reader", "late", ["late"]);
  }
};

/** Statuses with which nothing that is malformed may be answered; 501 and 505 are about it. */
const WRONG = [500, 502, 503, 504];

/** Sends requests of the parser's fuzzer. */
export const malformed: Client = async (torture, chance) => {
  while (!torture.over) {
    const socket = open(torture);
    let answer = "";
    socket.on("data", (data) => answer += data.toString("latin1"));
    socket.write(generate(chance), "latin1");
    await pause(20 + chance.below(100));
    await leave(socket, chance);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
    torture.tally.add(
      "malformed",
      status === 0 ? "broken" : status,
      WRONG.includes(status) ? [] : [status, "broken"],
      answer.slice(0, 200),
    );
  }
};

/** Opens connections, more than the server accepts, and closes them soon after. */
export function flood(connections: number): Client {
  return async (torture, chance) => {
    while (!torture.over) {
      const sockets: Socket[] = [];
      for (let n = 0; n < connections; n++) sockets.push(open(torture));
      await pause(300);
      for (const socket of sockets) socket.write(HEAD);
      await pause(300);
      for (const socket of sockets) {
        if (chance.below(2) === 0) socket.destroy();
        else if (!socket.destroyed) socket.resetAndDestroy();
      }
      torture.tally.add("flood", "late", ["late"]);
      await pause(2000 + chance.below(2000));
    }
  };
}

/** Asks a route that nothing else asks, whose lateness is judged, and `health`, both on connections of their own. */
export const quiet: Client = async (torture) => {
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 2 });
  while (!torture.over) {
    const init = { client };
    await ask(torture, "quiet", { path: "/quiet", allowed: [200], init });
    await ask(torture, "watched health", {
      path: "/_perfmock/health",
      allowed: [200],
      init,
    });
    await pause(20);
  }
};
