import type { Clock } from "../../../../core/plugin.ts";
import type { Destination } from "../../../../plugins/load_engine/http/mod.ts";
import {
  type Environment,
  Order,
  type RequestPlan,
  type Template,
} from "../../../../plugins/load_engine/order.ts";

export const TURN = { user: 0, iteration: 0, number: 0, place: 0 };

/** Makes a template without placeholders. */
export function fixed(text: string): Template {
  return { constant: text, render: () => text };
}

/** Parts of a request that a test sets. */
export interface Said extends
  Partial<
    Omit<RequestPlan, "path" | "headers" | "body">
  > {
  readonly path?: string | Template;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Makes the plan of a request with defaults. */
export function plan(
  { path = "/", headers = {}, body, ...more }: Said = {},
): RequestPlan {
  return {
    scenario: 0,
    index: 0,
    name: "request",
    group: undefined,
    method: "GET",
    timeout: 10_000,
    keepAlive: true,
    binary: false,
    check: undefined,
    weight: 1,
    ...more,
    path: typeof path === "string" ? fixed(path) : path,
    headers: Object.entries(headers).map(([name, value]) =>
      [name, fixed(value)] as const
    ),
    body: body === undefined ? undefined : fixed(body),
  };
}

/** Sends a request and waits for its end. */
export function exchange(
  environment: Environment,
  request: RequestPlan,
): Promise<Order> {
  return new Promise((ended) => {
    const now = environment.clock.now();
    environment.send(new Order(request, { ended }, now, TURN));
  });
}

/** Makes a destination on this machine. */
export function at(port: number, more: Partial<Destination> = {}): Destination {
  return {
    origin: `http://127.0.0.1:${port}`,
    secure: false,
    addresses: ["127.0.0.1"],
    port,
    host: `127.0.0.1:${port}`,
    prefix: "",
    certificates: [],
    ...more,
  };
}

/** Returns a port on which nothing listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Starts a Deno.serve for a test. */
export function serve(
  handler: Deno.ServeHandler<Deno.NetAddr>,
  tls: { readonly cert?: string; readonly key?: string } = {},
) {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, ...tls },
    handler,
  );
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Starts a listener that handles each connection in turn with a function of the test. */
export function listen(
  ...treatments: ((connection: Deno.TcpConn) => unknown)[]
) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const done = (async () => {
    for (const treat of treatments) await treat(await listener.accept());
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      await done;
      listener.close();
    },
  };
}

/** Reads a request, sends a text, and closes. */
export function answerOnce(text: string) {
  return async (connection: Deno.TcpConn) => {
    await connection.read(new Uint8Array(1024));
    await connection.write(new TextEncoder().encode(text));
    connection.close();
  };
}

/** A clock with the machine's time, whose timers a test fires. */
export class HandClock implements Clock {
  readonly #timers = new Map<number, { at: number; fire: () => void }>();
  #next = 1;

  now(): number {
    return performance.now();
  }

  at<A>(deadline: number, wake: (argument: A) => void, argument: A): number {
    this.#timers.set(this.#next, { at: deadline, fire: () => wake(argument) });
    return this.#next++;
  }

  cancel(timer: number): boolean {
    return this.#timers.delete(timer);
  }

  yield(): Promise<void> {
    return Promise.resolve();
  }

  /** Deadlines of the pending timers. */
  get pending(): readonly number[] {
    return [...this.#timers.values()].map(({ at }) => at);
  }

  /** Fires all pending timers. */
  fire(): void {
    const timers = [...this.#timers.values()];
    this.#timers.clear();
    for (const { fire } of timers) fire();
  }
}
