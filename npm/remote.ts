/**
 * A server that another process has started, and its sessions, over the control API.
 *
 * @module
 */
import { PerfmockError } from "../core/errors.ts";
import { atCall, type CallSite, callSite } from "./call_site.ts";
import {
  type ControlCall,
  ControlCalls,
  type Controlled,
  isOver,
} from "./control_calls.ts";
import { listedError } from "./errors.ts";
import {
  callOverHttp,
  type HttpAnswer,
  type HttpRequest,
} from "./http_call.ts";
import type { SessionOptions } from "./index.ts";

/** Codes of errors with which Node.js refuses a certificate that nobody has named to it. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

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
  /** Short texts of the options that it was started with, by name; undefined if they are not known. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A session of a server that another process has started. */
export interface RemoteSession extends Controlled {
  /** Unique name. */
  readonly id: string;
  /** Header that brings a request to the session at the server's own URL. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address of the server itself, with a trailing slash: with {@linkcode RemoteSession.headers}, requests reach the session. */
  readonly serverUrl: string;
  /** Makes a call of the session's control API, whose errors begin at a place. */
  ask(call: ControlCall, site: CallSite): Promise<unknown>;
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
 * @param site place at which errors begin. Default the call of this function
 * @throws PerfmockError with all errors of the options, or if the server does not answer
 */
export async function remoteSession(
  address: ServerAddress,
  options: SessionOptions = {},
  site: CallSite = callSite(remoteSession),
): Promise<RemoteSession> {
  const { name, url } = await ask(address, {
    method: "POST",
    path: "/sessions",
    body: options,
  }, site) as { readonly name: string; readonly url: string };
  return new Session(address, { ...options, name }, url, site);
}

class Session extends ControlCalls implements RemoteSession {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serverUrl: string;
  readonly #address: ServerAddress;
  readonly #options: SessionOptions & { readonly name: string };
  readonly #made: CallSite;

  constructor(
    address: ServerAddress,
    options: SessionOptions & { readonly name: string },
    url: string,
    made: CallSite,
  ) {
    super();
    this.#made = made;
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
    }, this.#made);
  }

  async stop(): Promise<void> {
    try {
      await ask(this.#address, {
        method: "DELETE",
        path: `/sessions/${this.id}`,
        body: undefined,
      }, this.#made);
    } catch (error) {
      // A session that has expired, or whose server has ended, has been stopped.
      if (!isOver(error)) throw error;
    }
  }

  ask(call: ControlCall, site: CallSite): Promise<unknown> {
    return ask(this.#address, { ...call, headers: this.headers }, site);
  }

  protected override makeCall(
    call: ControlCall,
    site: CallSite,
  ): Promise<unknown> {
    return this.ask(call, site);
  }
}

/** Makes a control call, and returns its answer. */
async function ask(
  { control, token }: ServerAddress,
  { method, path, body, headers }: ControlCall & {
    readonly headers?: Readonly<Record<string, string>>;
  },
  site: CallSite,
): Promise<unknown> {
  try {
    const { status, text } = await answered(`${control}${path}`, {
      method,
      headers: {
        ...headers,
        ...token !== undefined && { authorization: `Bearer ${token}` },
        ...body !== undefined && { "content-type": "application/json" },
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (status < 200 || status > 299) throw errorOf(text, status);
    return text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    throw error instanceof PerfmockError ? atCall(error, site) : error;
  }
}

async function answered(
  url: string,
  request: HttpRequest,
): Promise<HttpAnswer> {
  try {
    return await callOverHttp(url, request);
  } catch (error) {
    const { code } = Object(error) as { readonly code?: unknown };
    throw listedError(
      "SERVER_NOT_STARTED",
      `Cannot use the server at ${new URL(url).origin}: ${
        UNTRUSTED.has(`${code}`)
          ? `its certificate is not trusted (${code}). Start the test runner with NODE_EXTRA_CA_CERTS, the path of the certificate`
          : "it does not answer; it has ended, or was never started"
      }`,
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
  return listedError(code, title, issues);
}
