/**
 * A server of the engine alone: what it answers is up to the test.
 *
 * @module
 */
import { HttpServer, type ServerLimits } from "../../../core/http1/server.ts";
import type { ServerRequest } from "../../../core/http1/server_request.ts";
import { Loop } from "../../../core/net/loop.ts";
import type { PreparedAnswer } from "../../../core/pipeline/incoming.ts";

/** A server that is cut at its end. */
export interface Serving extends AsyncDisposable {
  /** The server. */
  readonly server: HttpServer;
  /** Port on which it listens. */
  readonly port: number;
  /** Errors that were reported. */
  readonly failures: unknown[];
}

/** Takes a request; a returned response is its answer. */
export type Receive = (
  request: ServerRequest,
) => Response | void | Promise<Response | void>;

/** Options of {@linkcode serve}. */
export interface ServeOptions extends Partial<ServerLimits> {
  /** Address. Default 127.0.0.1. */
  readonly host?: string;
  /** Called when no descriptor is left. */
  readonly starved?: () => void;
  /** Returns the loop as the server sees it, for errors of the system. */
  readonly disturb?: (loop: Loop) => Loop;
}

/** Starts a server on a free port. */
export async function serve(
  receive: Receive,
  {
    host = "127.0.0.1",
    starved = () => {},
    disturb = (loop) => loop,
    ...limits
  }: ServeOptions = {},
): Promise<Serving> {
  const loop = await Loop.acquire();
  const failures: unknown[] = [];
  try {
    const server = await HttpServer.start(disturb(loop), {
      host,
      port: 0,
      backlog: 512,
      reusePort: false,
      limits: {
        head: { line: 1024, bytes: 8192, count: 50 },
        body: 16 * 1024 * 1024,
        connections: 100,
        headTimeout: Infinity,
        idleTimeout: Infinity,
        ...limits,
      },
      receive: (incoming) => {
        const answer = receive(incoming);
        if (answer instanceof Response) incoming.respond(answer);
        else if (answer !== undefined) {
          // A promise of nothing is a request that answers itself.
          incoming.respond(
            answer.then((it) => it ?? new Promise<Response>(() => {})),
          );
        }
      },
      failed: (error) => failures.push(error),
      starved,
    });
    return {
      server,
      port: server.port,
      failures,
      async [Symbol.asyncDispose]() {
        await server.cut();
        await loop.release();
      },
    };
  } catch (error) {
    await loop.release();
    throw error;
  }
}

/** Returns a loop some of whose calls, or whose watching, are replaced. */
export function disturbed(
  loop: Loop,
  calls: Partial<Loop["calls"]>,
  others: Partial<Pick<Loop, "watch" | "errno" | "now" | "later">> = {},
): Loop {
  return {
    calls: { ...loop.calls, ...calls },
    input: loop.input,
    output: loop.output,
    now: () => loop.now(),
    errno: () => loop.errno(),
    watch: (...args: Parameters<Loop["watch"]>) => loop.watch(...args),
    change: (...args: Parameters<Loop["change"]>) => loop.change(...args),
    close: (...args: Parameters<Loop["close"]>) => loop.close(...args),
    later: (...args: Parameters<Loop["later"]>) => loop.later(...args),
    expect: (...args: Parameters<Loop["expect"]>) => loop.expect(...args),
    addAlarm: (...args: Parameters<Loop["addAlarm"]>) => loop.addAlarm(...args),
    removeAlarm: (...args: Parameters<Loop["removeAlarm"]>) =>
      loop.removeAlarm(...args),
    ...others,
  } as unknown as Loop;
}

const encoder = new TextEncoder();

/** Prepares an answer with status 200. */
export function prepared(
  text: string,
  date = false,
  closes = false,
): PreparedAnswer {
  const body = encoder.encode(text);
  return {
    status: 200,
    head: encoder.encode(
      `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${
        date ? "date: then\r\n" : ""
      }`,
    ),
    body,
    closes,
    date,
  };
}

/** Header lines of one answer. */
export function lines(
  text: string,
): { readonly bytes: Uint8Array<ArrayBuffer> } {
  return { bytes: encoder.encode(text) };
}

/** Answers with the path of the request, in prepared bytes. */
export function echoPath(request: ServerRequest): void {
  request.send(prepared(new URL(request.url).pathname), lines(""));
}
