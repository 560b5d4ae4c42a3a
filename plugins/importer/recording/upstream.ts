/**
 * The upstream of a recording: its address, requests to it, and whether it can be reached.
 *
 * @module
 */
import {
  Agent as PlainAgent,
  type ClientRequest,
  request as requestPlain,
} from "node:http";
import { Agent as SecureAgent, request as requestSecure } from "node:https";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { connect as connectSecure, rootCertificates } from "node:tls";
import { PerfmockError } from "../../../core/plugin.ts";

/** Time in which a connection has to come about, in ms. */
const LONGEST_CONNECT = 10_000;

/** Headers by name, with a list for those that occur several times. */
export type HeaderLists = Readonly<Record<string, string | string[]>>;

/** An upstream. */
export class Upstream {
  /** URL without name and password, and without a slash at the end. */
  readonly url: string;
  /** Host and port, as the header Host has it. */
  readonly host: string;
  /** Origin. */
  readonly origin: string;
  /** Path that comes before that of each request; empty for none. */
  readonly base: string;
  /** Header Authorization of the name and the password in the URL; undefined for none. */
  readonly authorization: string | undefined;
  /** Password in the URL; empty for none. */
  readonly password: string;
  readonly #parsed: URL;
  readonly #agent: PlainAgent | SecureAgent;
  readonly #tls: { readonly ca?: string[] };

  /**
   * @param text URL as a user writes it
   * @param certificates certificates that are trusted in addition, in PEM
   * @throws PerfmockError `ARGUMENT_INVALID` where it is no URL of an HTTP server
   */
  constructor(text: string, certificates: readonly string[] = []) {
    const url = parsed(text);
    const { username, password } = url;
    const credentials = [username, password].map(decodeURIComponent).join(":");
    this.authorization = username === "" && password === ""
      ? undefined
      : `Basic ${
        btoa(String.fromCharCode(...new TextEncoder().encode(credentials)))
      }`;
    this.password = decodeURIComponent(password);
    this.#parsed = url;
    this.host = url.host;
    this.origin = url.origin;
    this.base = url.pathname.replace(/\/+$/, "");
    this.url = this.origin + this.base;
    this.#tls = certificates.length === 0
      ? {}
      : { ca: [...rootCertificates, ...certificates] };
    const options = { keepAlive: true, maxSockets: Infinity };
    this.#agent = this.isSecure
      ? new SecureAgent({ ...options, ...this.#tls })
      : new PlainAgent(options);
  }

  /** True for https. */
  get isSecure(): boolean {
    return this.#parsed.protocol === "https:";
  }

  get #port(): number {
    return Number(this.#parsed.port) || (this.isSecure ? 443 : 80);
  }

  get #hostname(): string {
    return this.#parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  }

  /** Begins a request. */
  request(method: string, path: string, headers: HeaderLists): ClientRequest {
    return (this.isSecure ? requestSecure : requestPlain)({
      agent: this.#agent,
      hostname: this.#hostname,
      port: this.#port,
      method,
      path: this.base + path,
      headers: { ...headers },
      setHost: false,
    });
  }

  /** Opens a connection without a request. */
  connect(opened: () => void): Socket {
    const place = { host: this.#hostname, port: this.#port };
    if (!this.isSecure) return connectPlain(place, opened);
    return connectSecure({
      ...place,
      ...this.#tls,
      ...isIP(place.host) === 0 && { servername: place.host },
    }, opened);
  }

  /**
   * Checks that a connection can be opened, its certificate included.
   *
   * @throws PerfmockError `UPSTREAM_FAILED`
   */
  async check(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = this.connect(resolve);
    socket.setTimeout(
      LONGEST_CONNECT,
      () =>
        reject(new Error(`no connection within ${LONGEST_CONNECT / 1000} s`)),
    );
    socket.on("error", reject);
    try {
      await promise;
    } catch (error) {
      const reason = reasonOf(error);
      const isCertificate = /certificate|issuer|self.signed|altname/i.test(
        reason,
      );
      throw new PerfmockError(
        "UPSTREAM_FAILED",
        "Cannot reach the upstream",
        [{
          path: "",
          message: isCertificate
            ? `The certificate of ${this.url} is not trusted: ${reason}`
            : `${this.url} does not accept a connection: ${reason}`,
          value: this.url,
          allowed: isCertificate
            ? "a certificate of a known authority, or of one that --ca FILE names"
            : "the URL of an HTTP server that is running",
        }],
        { cause: error },
      );
    } finally {
      socket.destroy();
    }
  }

  /**
   * Checks that the upstream is not the recorder itself.
   *
   * @param port port of the recorder; 0 for any free one, which nobody listens on yet
   * @throws PerfmockError `UPSTREAM_LOOP`
   */
  checkLoop(port: number): void {
    if (port === 0 || port !== this.#port || !isOwn(this.#hostname)) return;
    throw new PerfmockError("UPSTREAM_LOOP", "Cannot record the upstream", [{
      path: "",
      message:
        "The upstream is the address that perfmock listens on: a request would be sent on without end",
      value: this.url,
      allowed: "the URL of another server, or another --port",
    }]);
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }
}

function parsed(text: string): URL {
  const invalid = (message: string) =>
    new PerfmockError("ARGUMENT_INVALID", "Cannot record the upstream", [{
      path: "",
      message,
      value: text.replace(/\/\/[^/@]*@/, "//…@"),
      allowed: "a URL such as https://api.example.com",
    }]);
  if (!URL.canParse(text)) throw invalid("The upstream is no URL");
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) {
    throw invalid("The upstream is no HTTP server");
  }
  if (url.search !== "" || url.hash !== "") {
    throw invalid("The URL of the upstream has a query or a fragment");
  }
  return url;
}

/** Returns whether a host is this machine. */
function isOwn(host: string): boolean {
  if (/^(?:localhost|.*\.localhost|0\.0\.0\.0|::1?|127\..*)$/i.test(host)) {
    return true;
  }
  try {
    return Object.values(networkInterfaces()).some((each = []) =>
      each.some(({ address }) => address === host)
    );
  } catch {
    // Without the permission to look, the machine has no address but loopback.
    return false;
  }
}

/** The deepest message of an error. */
export function reasonOf(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) {
    cause = cause.cause;
  }
  if (!(cause instanceof Error)) return String(cause);
  const code = Reflect.get(cause, "code");
  const message = cause.message === "" ? cause.name : cause.message;
  return typeof code === "string" && !message.includes(code)
    ? `${message} (${code})`
    : message;
}
