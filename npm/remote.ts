/**
 * A server that another process has started, and its sessions, over the control API.
 *
 * @module
 */
import { describeError } from "../core/lib/issue_text.ts";
import { PerfmockError } from "../core/errors.ts";
import { atCall, callSite } from "./call_site.ts";
import {
  type ControlCall,
  ControlCalls,
  type Controlled,
  isOver,
} from "./control_calls.ts";
import type { SessionOptions } from "./index.ts";

/** Address of a server, as one process tells it to others. */
export interface ServerAddress {
  /** URL of its mock routes, with a trailing slash. */
  readonly url: string;
  /** URL below which the calls of its control API are, without a trailing slash. */
  readonly control: string;
  /** Name of the header that brings a request to a session. */
  readonly sessionHeader: string;
  /** Token of its control API; undefined if it has none. */
  readonly token?: string;
}

/** A session of a server that another process has started. */
export interface RemoteSession extends Controlled {
  /** Unique name. */
  readonly id: string;
  /** Header that brings a request to the session at the server's own URL. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address of the server itself, with a trailing slash: with {@linkcode RemoteSession.headers}, requests reach the session. */
  readonly serverUrl: string;
  /**
   * Begins the session afresh under the same name: configuration, sequence numbers, pools, rate limits, figures and journal. Requests
   * in flight are answered with 503.
   */
  renew(): Promise<void>;
  /** Ends the session; its requests in flight are answered with 503. */
  stop(): Promise<void>;
}

/**
 * Makes a session of a server.
 *
 * @throws PerfmockError with all errors of the options, or if the server does not answer
 */
export async function remoteSession(
  address: ServerAddress,
  options: SessionOptions = {},
): Promise<RemoteSession> {
  const { name, url } = await ask(address, {
    method: "POST",
    path: "/sessions",
    body: options,
  }) as { readonly name: string; readonly url: string };
  return new Session(address, { ...options, name }, url);
}

class Session extends ControlCalls implements RemoteSession {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serverUrl: string;
  readonly #address: ServerAddress;
  readonly #options: SessionOptions & { readonly name: string };

  constructor(
    address: ServerAddress,
    options: SessionOptions & { readonly name: string },
    url: string,
  ) {
    super();
    this.#address = address;
    this.#options = options;
    this.id = options.name;
    this.url = url;
    this.serverUrl = address.url;
    this.headers = { [address.sessionHeader]: options.name };
  }

  async renew(): Promise<void> {
    await this.stop();
    await ask(this.#address, {
      method: "POST",
      path: "/sessions",
      body: this.#options,
    });
  }

  async stop(): Promise<void> {
    try {
      await ask(this.#address, {
        method: "DELETE",
        path: `/sessions/${this.id}`,
      });
    } catch (error) {
      // A session that has expired, or whose server has ended, has been stopped.
      if (!isOver(error)) throw error;
    }
  }

  protected override async makeCall(
    call: ControlCall,
    called: (...args: never[]) => unknown,
  ): Promise<unknown> {
    const site = callSite(called);
    try {
      return await ask(this.#address, { ...call, headers: this.headers });
    } catch (error) {
      throw error instanceof PerfmockError ? atCall(error, site) : error;
    }
  }
}

/** Makes a control call, and returns its answer. */
async function ask(
  { control, token }: ServerAddress,
  { method, path, body, headers }: {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<unknown> {
  const response = await fetchOrFail(`${control}${path}`, {
    method,
    headers: {
      ...headers,
      ...token !== undefined && { authorization: `Bearer ${token}` },
      ...body !== undefined && { "content-type": "application/json" },
    },
    ...body !== undefined && { body: JSON.stringify(body) },
  });
  const text = await response.text();
  if (response.ok) return text === "" ? undefined : JSON.parse(text);
  throw errorOf(text, response.status);
}

async function fetchOrFail(
  url: string,
  init: RequestInit,
): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new PerfmockError(
      "SERVER_NOT_STARTED",
      `Cannot use the server at ${
        new URL(url).origin
      }: it does not answer; it has ended, or was never started`,
      [],
      { cause: error },
    );
  }
}

/** Makes the error of a problem document: its message lists all issues. */
function errorOf(text: string, status: number): Error {
  let problem: {
    readonly code?: PerfmockError["code"];
    readonly title?: string;
    readonly issues?: PerfmockError["issues"];
  };
  try {
    problem = JSON.parse(text);
  } catch {
    return new Error(
      `The server answered a control call with ${status}: ${text}`,
    );
  }
  const { code = "ARGUMENT_INVALID", title = text, issues = [] } = problem;
  const listed = describeError(new PerfmockError(code, title, issues));
  return new PerfmockError(code, listed.trimEnd(), issues);
}
