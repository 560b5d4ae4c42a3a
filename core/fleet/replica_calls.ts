/**
 * Calls from one replica to another over HTTP.
 *
 * @module
 */
import { TimeLimitError } from "../lib/time/mod.ts";
import { PART_HEADER } from "../lib/replica_call.ts";
import { deepestMessage } from "../lib/thrown.ts";
import type { Member } from "./change.ts";
import {
  CHANGE_HEADER,
  type FleetAnswer,
  type FleetCall,
  READY_HEADER,
  type Replica,
} from "./peers.ts";

/** Time within which a replica has to prepare a change, or to make it, in ms: the setup of a plugin may take 10 s. */
const CHANGE_LIMIT = 20_000;

/** Headers of an answer that are passed on. */
const ANSWERED_HEADERS = [
  "content-type",
  "etag",
  "location",
  READY_HEADER,
] as const;

/** Sends a request, as fetch() does. */
export type Sends = (url: URL, init: RequestInit) => Promise<Response>;

/**
 * Sends a call to one replica.
 *
 * @param headers further headers, of the call between replicas
 * @param limit maximum time for the whole answer, in ms
 * @param sends way to the replica. Default: over HTTP
 * @throws Error whose message is a clause that says why there is no answer
 */
export async function callReplica(
  { url, error }: Pick<Replica, "url" | "error">,
  call: FleetCall,
  { headers, limit, sends = fetch }: {
    readonly headers: Readonly<Record<string, string>>;
    readonly limit: number;
    readonly sends?: Sends | undefined;
  },
): Promise<FleetAnswer> {
  if (url === undefined) throw new Error(error ?? "it has no address");
  try {
    const response = await sends(new URL(call.target, url), {
      method: call.method,
      headers: { ...call.headers, ...headers },
      ...call.body !== "" && { body: bytesOf(call.body) },
      redirect: "manual",
      signal: AbortSignal.timeout(limit),
    });
    return {
      status: response.status,
      headers: passedHeaders(response.headers),
      body: await response.text(),
    };
  } catch (error) {
    throw new Error(
      isTimeOut(error)
        ? `it did not answer within ${limit / 1000} s`
        : `it cannot be reached: ${deepestMessage(error)}`,
      { cause: error },
    );
  }
}

function isTimeOut(error: unknown): boolean {
  return error instanceof TimeLimitError ||
    error instanceof DOMException && error.name === "TimeoutError";
}

/** Picks the headers of an answer that are passed on. */
export function passedHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    ANSWERED_HEADERS.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/**
 * Asks a replica to answer for itself alone. Throws as {@linkcode callReplica} does.
 *
 * @param form `part` for an answer that is merged with others, `own` for that of a server that stands alone
 */
export function askReplica(
  replica: Replica,
  call: FleetCall,
  { form, limit }: {
    readonly form: "own" | "part";
    readonly limit: number;
  },
): Promise<FleetAnswer> {
  return callReplica(replica, call, {
    headers: { [PART_HEADER]: form },
    limit,
  });
}

/**
 * A replica while a change is made, reached over HTTP.
 *
 * @param id id of the change, unique in the fleet
 * @param sends way to the replica. Default: over HTTP
 */
export function memberOver(
  replica: Pick<Replica, "error" | "name" | "url">,
  call: FleetCall,
  id: string,
  sends?: Sends,
): Member {
  const send = (step: string, body: string) =>
    callReplica(replica, { ...call, body }, {
      headers: { [CHANGE_HEADER]: `${id} ${step}` },
      limit: CHANGE_LIMIT,
      sends,
    });
  return {
    name: replica.name,
    async prepare() {
      const answer = await send("prepare", call.body);
      return READY_HEADER in answer.headers ? undefined : answer;
    },
    settle: (commit) => send(commit ? "commit" : "abort", ""),
  };
}

/** Converts an answer to a response. */
export function responseOf({ status, headers, body }: FleetAnswer): Response {
  return new Response(status === 204 ? null : body, { status, headers });
}

/** Decodes base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Encodes bytes in base64. */
export function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
