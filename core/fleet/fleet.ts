/**
 * Door of the control API to a fleet: a call that reaches one replica is answered for all.
 *
 * @module
 */
import {
  answerTo,
  type FleetDoor,
  type ReceivedCall,
  respond,
} from "../control/endpoints.ts";
import { PerfmockError } from "../errors.ts";
import { Preparations } from "../lib/agreement.ts";
import { problem } from "../lib/problem.ts";
import { isOwn, PART_HEADER } from "../lib/replica_call.ts";
import { describeThrown } from "../lib/thrown.ts";
import type { Endpoint, ReplicaAnswer, ReplicaState } from "../plugin.ts";
import {
  ANSWER_LIMIT,
  CHANGE_HEADER,
  type FleetAnswer,
  type FleetCall,
  PASSED_HEADERS,
  type Peers,
  READY_HEADER,
  type Replica,
} from "./peers.ts";
import {
  askReplica,
  base64Of,
  bytesOf,
  passedHeaders,
  responseOf,
} from "./replica_calls.ts";

/** Maximum size of a body that is passed on to other replicas, in bytes. */
const BODY_LIMIT = 16 << 20;

/** Name of the query's parameter that asks for the answer of one replica. */
const REPLICA = "replica";

/** Parameter of the query that asks for the answer of all replicas, where a call is answered by one. */
const ALL = ["replicas", "all"] as const;

/** Answers of all replicas to one call. */
export interface Gathered {
  /** Answers of those that answered. */
  readonly answers: readonly ReplicaAnswer[];
  /** Replicas that were asked. */
  readonly asked: readonly ReplicaState[];
  /** All replicas: those that were asked, and those that are gone with what they had counted since the last reset. */
  readonly replicas: readonly ReplicaState[];
  /** False if an answer is missing, or if figures were lost since the last reset. */
  readonly complete: boolean;
}

/** Header that names the session of a call, and the session's name. */
export type SessionHeader = readonly [header: string, name: string];

/** Call that a replica received, for a session or for the server itself. */
interface SessionCall extends ReceivedCall {
  readonly session: SessionHeader | undefined;
}

/** Answers a request by this replica alone. */
export type Own = (request: Request) => Promise<Response>;

/** Door to the fleet of one replica. */
export class Fleet {
  /** Changes that this replica has prepared. */
  readonly preparations: Preparations = new Preparations();
  readonly #peers: Peers;
  readonly #limit: number;

  /**
   * @param peers replicas of the fleet
   * @param limit time within which a replica has to answer for itself, in ms. Default {@linkcode ANSWER_LIMIT}
   */
  constructor(peers: Peers, limit: number = ANSWER_LIMIT) {
    this.#peers = peers;
    this.#limit = limit;
  }

  /** Replicas of the fleet. */
  get peers(): Peers {
    return this.#peers;
  }

  /**
   * Door of one world.
   *
   * @param session header that names the session, and its name; undefined for the server itself
   */
  door(session: SessionHeader | undefined): FleetDoor {
    return {
      answer: (received, own) => this.#answer({ ...received, session }, own),
    };
  }

  /** Answers a call for the whole fleet, or as the caller asks for it. */
  async #answer(received: SessionCall, own: Own): Promise<Response> {
    const { endpoint, request } = received;
    const change = request.headers.get(CHANGE_HEADER);
    if (change !== null) return await this.#prepared(change, request, own);
    if (isOwn(request)) return await own(request);
    const { url, name } = withoutReplica(request.url);
    if (name !== null) return await this.#ofOne(name, received, url, own);
    const { merge, method } = endpoint;
    const { separate = false } = this.#peers;
    const whole = merge && withoutAll(request.url);
    if (merge !== undefined && whole !== undefined) {
      const { headers } = request;
      const asked = { ...received, request: new Request(whole, { headers }) };
      return await this.#merged(asked, merge, own);
    }
    if (merge !== undefined && (!separate || endpoint.replicas !== "own")) {
      return await this.#merged(received, merge, own);
    }
    const { replicas = method === "GET" || separate ? "own" : "all" } =
      endpoint;
    switch (replicas) {
      case "own":
        return await own(request);
      case "first":
        return await this.#ofFirst(received, own);
      case "alone":
        return separate ? await own(request) : alone();
      case "all":
        return await this.#change(received);
    }
  }

  /**
   * Asks all replicas for their parts of an answer.
   *
   * @param call the call, as it is sent to the others
   * @param own returns the part of this replica
   */
  async gather(
    call: FleetCall,
    own: () => Promise<FleetAnswer>,
  ): Promise<Gathered> {
    const all = this.#peers.list();
    const lost = this.#peers.lost();
    const answers: ReplicaAnswer[] = [];
    const replicas = await Promise.all(all.map(async (replica) => {
      const { name } = replica;
      try {
        const answer = name === this.#peers.own
          ? await own()
          : await askReplica(replica, call, {
            form: "part",
            limit: this.#limit,
          });
        const data = dataOf(answer);
        return { state: stateOf(name, lost), answer: { name, answer: data } };
      } catch (error) {
        const reason = error instanceof Error
          ? error.message
          : describeThrown(error);
        return {
          state: { name, answered: false, error: reason },
          answer: undefined,
        };
      }
    }));
    for (const { answer } of replicas) {
      if (answer !== undefined) answers.push(answer);
    }
    const asked = replicas.map(({ state }) => state);
    return {
      answers,
      asked,
      replicas: [...asked, ...goneOf(lost, all)],
      complete: lost.length === 0 && answers.length === all.length,
    };
  }

  /** Prepares, makes or abandons a change that is made on all replicas. */
  async #prepared(
    header: string,
    request: Request,
    own: Own,
  ): Promise<Response> {
    const [id, step] = header.split(" ");
    if (step === "prepare") {
      const prepared = await this.preparations.prepare(id, () => own(request));
      return prepared.ready
        ? new Response(null, {
          status: 204,
          headers: { [READY_HEADER]: id },
        })
        : prepared.result;
    }
    const result = await this.preparations.settle(id, step === "commit");
    if (result instanceof Response) return result;
    return step === "commit"
      ? problem({
        status: 500,
        title: "This replica has not prepared the change, or no longer",
      })
      : new Response(null, { status: 204 });
  }

  async #merged(
    received: SessionCall,
    merge: NonNullable<Endpoint["merge"]>,
    own: Own,
  ): Promise<Response> {
    const { endpoint, parameters, request } = received;
    const call = await callOf(received, request.url);
    if (call instanceof Response) return call;
    let refusal: Response | undefined;
    const { answers, asked, replicas, complete } = await this.gather(
      call,
      async () => {
        const response = await own(marked(request, call, "part"));
        if (!response.ok) refusal = response.clone();
        return await answerOf(response);
      },
    );
    // The others refuse an invalid call as this one does.
    if (answers.length === 0 && refusal !== undefined) return refusal;
    if (answers.length === 0) return nobody(replicas);
    let merged: unknown;
    try {
      merged = await merge(answers, { request, parameters }, asked);
    } catch (error) {
      return answerTo(error);
    }
    if (merged instanceof Response || !isRecord(merged)) {
      return respond(merged, endpoint);
    }
    return respond({ ...merged, replicas, complete }, endpoint);
  }

  async #change(received: SessionCall): Promise<Response> {
    const call = await callOf(received, received.request.url);
    if (call instanceof Response) return call;
    try {
      return responseOf(await this.#peers.change(call));
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      const { code, issues, message } = error;
      return problem({ status: 503, title: message, code, issues });
    }
  }

  /** The replica of the first segment that can be reached answers. */
  async #ofFirst(received: SessionCall, own: Own): Promise<Response> {
    const first = this.#peers.list().find(({ name, url }) =>
      name === this.#peers.own || url !== undefined
    );
    const call = await callOf(received, received.request.url);
    if (call instanceof Response) return call;
    if (first === undefined || first.name === this.#peers.own) {
      return await own(marked(received.request, call, "own"));
    }
    return await this.#asked(first, call);
  }

  /** One replica, which the caller has named, answers. */
  async #ofOne(
    name: string,
    received: SessionCall,
    url: string,
    own: Own,
  ): Promise<Response> {
    const { endpoint } = received;
    const all = this.#peers.list();
    const named = all.find((replica) => replica.name === name);
    if (named === undefined) {
      return problem({
        status: 404,
        title: `There is no replica ${JSON.stringify(name)}`,
        detail: `The replicas are ${all.map(({ name }) => name).join(", ")}`,
        code: "ARGUMENT_INVALID",
      });
    }
    if (endpoint.method !== "GET") {
      return problem({
        status: 400,
        title: "A change concerns all replicas",
        detail: "Only calls with GET can ask one replica",
        code: "ARGUMENT_INVALID",
      });
    }
    const call = await callOf(received, url);
    if (call instanceof Response) return call;
    if (name === this.#peers.own) {
      const { headers } = received.request;
      return await own(marked(new Request(url, { headers }), call, "own"));
    }
    return endpoint.type === "text/event-stream"
      ? await this.#followed(named, call)
      : await this.#asked(named, call);
  }

  async #asked(replica: Replica, call: FleetCall): Promise<Response> {
    try {
      return responseOf(
        await askReplica(replica, call, { form: "own", limit: this.#limit }),
      );
    } catch (error) {
      return unreachable(replica, error);
    }
  }

  /** A stream of another replica, for as long as the reader wants it. */
  async #followed(replica: Replica, call: FleetCall): Promise<Response> {
    try {
      if (replica.url === undefined) throw new Error(replica.error);
      const response = await fetch(new URL(call.target, replica.url), {
        headers: { ...call.headers, [PART_HEADER]: "own" },
      });
      return new Response(response.body, {
        status: response.status,
        headers: passedHeaders(response.headers),
      });
    } catch (error) {
      return unreachable(replica, error);
    }
  }
}

function unreachable({ name }: Replica, error: unknown): Response {
  return problem({
    status: 503,
    title: `Replica ${name} did not answer`,
    detail: error instanceof Error ? error.message : describeThrown(error),
    code: "REPLICA_UNREACHABLE",
  });
}

function nobody(replicas: readonly ReplicaState[]): Response {
  return problem({
    status: 503,
    title: "No replica answered",
    detail: replicas.map(({ error, name }) => `${name}: ${error}`).join("; "),
    code: "REPLICA_UNREACHABLE",
  });
}

function alone(): Response {
  return problem({
    status: 409,
    title: "Cannot do this in a fleet: it takes a server that stands alone",
    detail:
      "It turns dials of one process, and requests reach the others too. Start perfmock without --processes and --segment",
    code: "ARGUMENT_INVALID",
  });
}

function stateOf(name: string, lost: readonly string[]): ReplicaState {
  return lost.includes(name)
    ? {
      name,
      answered: true,
      error: "It was replaced: its figures before that are lost",
    }
    : { name, answered: true };
}

/** Replicas that are gone: nobody has taken their names. */
function goneOf(
  lost: readonly string[],
  all: readonly Replica[],
): ReplicaState[] {
  return lost.filter((name) => all.every((replica) => replica.name !== name))
    .map((name) => ({
      name,
      answered: false,
      error: "It has left or died: its figures are lost",
    }));
}

/** Makes a call for other replicas of a request, whose body is read; the answer if it is too large. */
async function callOf(
  { request, session }: SessionCall,
  url: string,
): Promise<FleetCall | Response> {
  const { method, headers } = request;
  const body = method === "GET"
    ? new Uint8Array()
    : await readBody(request.body);
  if (body === undefined) {
    return problem({
      status: 413,
      title: "The request body is too large",
      detail: `At most ${BODY_LIMIT} bytes are passed on to other replicas`,
    });
  }
  const { pathname, search } = new URL(url);
  return {
    method,
    target: pathname + search,
    headers: Object.fromEntries([
      ...PASSED_HEADERS.flatMap((name) => {
        const value = headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
      ...session === undefined ? [] : [session],
    ]),
    body: base64Of(body),
  };
}

async function readBody(
  body: ReadableStream<Uint8Array> | null,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > BODY_LIMIT) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** The request once more, marked so that this replica answers for itself alone. */
function marked(
  request: Request,
  { body }: FleetCall,
  form: "own" | "part",
): Request {
  const headers = new Headers(request.headers);
  headers.set(PART_HEADER, form);
  return new Request(request.url, {
    method: request.method,
    headers,
    ...body !== "" && { body: bytesOf(body) },
  });
}

/** Takes the name of a replica out of the query. */
function withoutReplica(
  url: string,
): { readonly url: string; readonly name: string | null } {
  // Most calls have no such parameter.
  if (!url.includes(`${REPLICA}=`)) return { url, name: null };
  const parsed = new URL(url);
  const name = parsed.searchParams.get(REPLICA);
  parsed.searchParams.delete(REPLICA);
  return { url: parsed.href, name };
}

/** Takes the demand for all replicas out of the query; undefined if there is none. */
function withoutAll(url: string): string | undefined {
  const [parameter, all] = ALL;
  if (!url.includes(`${parameter}=${all}`)) return undefined;
  const parsed = new URL(url);
  if (parsed.searchParams.get(parameter) !== all) return undefined;
  parsed.searchParams.delete(parameter);
  return parsed.href;
}

async function answerOf(response: Response): Promise<FleetAnswer> {
  return {
    status: response.status,
    headers: passedHeaders(response.headers),
    body: await response.text(),
  };
}

/** Data of an answer. Throws if the replica refused the call. */
function dataOf({ status, body }: FleetAnswer): unknown {
  if (status >= 200 && status < 300) return JSON.parse(body);
  throw new Error(`it answered ${status}: ${body.slice(0, 200)}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
