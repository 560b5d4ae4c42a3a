/**
 * A batch of GraphQL operations in one request. Each operation is a request of its own to the pipeline. The answer to the batch has
 * their answers in their order, and leaves with the last of them.
 *
 * @module
 */
import type { Incoming, LeaveListener } from "./incoming.ts";
import { jsonIn, ReceivedBody } from "./received_body.ts";

/** Maximum length of all answers of a batch together, in bytes: they are held as a whole. */
export const MOST_ANSWERED: number = 16 << 20;

/** Answer to one operation, read. */
interface Read {
  readonly response: Response;
  readonly text: string;
  /** True if the body broke off, as a fault has it. */
  readonly broken: boolean;
  /** True if there was no room for it beside the other answers. */
  readonly large: boolean;
}

/** Headers of the request that concern the one body of the whole answer: no answer to an operation is coded, partial or left out. */
const OF_WHOLE: ReadonlySet<string> = new Set([
  "accept-encoding",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "range",
]);

/** A batch, from its operations to its answer. */
export class Batch implements LeaveListener {
  readonly entries: readonly BatchEntry[];
  readonly #incoming: Incoming;
  readonly #answers: Promise<Read>[] = [];
  /** Number of bytes that further answers may have. */
  readonly #room = { left: MOST_ANSWERED };
  #reset = false;
  #missing: number;
  #last = 0;

  /**
   * @param incoming request of the whole batch, whose body was read
   * @param operations JSON values of its entries, at least one
   */
  constructor(incoming: Incoming, operations: readonly unknown[]) {
    this.#incoming = incoming;
    this.#missing = operations.length;
    this.entries = operations.map((operation, index) =>
      new BatchEntry(incoming, ReceivedBody.ofJson(operation), {
        respond: (response) => this.#answered(index, response),
        reset: () => this.#resetAll(),
      })
    );
  }

  /** All operations have begun: from now on the client's leaving ends them. */
  begun(): void {
    if (this.#reset) this.left();
    else if (this.#missing > 0) this.#incoming.onLeave(this, false);
  }

  left(): void {
    for (const entry of this.entries) entry.left();
  }

  #answered(index: number, response: Response | Promise<Response>): void {
    this.#answers[index] = read(response, this.#room);
    this.#last = index;
    if (--this.#missing > 0 || this.#reset) return;
    this.#incoming.respond(joined(this.#answers, this.#last));
  }

  /** One operation resets the connection, and with it all others. */
  #resetAll(): void {
    if (this.#reset) return;
    this.#reset = true;
    this.#incoming.reset();
    this.left();
  }
}

/** One operation of a batch. */
export class BatchEntry implements Incoming {
  readonly body: ReceivedBody;
  readonly #whole: Incoming;
  readonly #to: Pick<Incoming, "respond" | "reset">;
  #request: Request | undefined = undefined;
  #listener: LeaveListener | undefined = undefined;

  /**
   * @param whole request of the batch
   * @param body the operation
   * @param to takes the answer
   */
  constructor(
    whole: Incoming,
    body: ReceivedBody,
    to: Pick<Incoming, "respond" | "reset">,
  ) {
    this.#whole = whole;
    this.body = body;
    this.#to = to;
  }

  get method(): string {
    return this.#whole.method;
  }

  get url(): string {
    return this.#whole.url;
  }

  get client(): string | undefined {
    return this.#whole.client;
  }

  get send(): undefined {
    return undefined;
  }

  get request(): Request {
    if (this.#request === undefined) {
      const { method, url, body } = this;
      const { headers: all, signal } = this.#whole.request;
      const headers = new Headers(all);
      headers.set("content-length", `${body.bytes.length}`);
      for (const name of OF_WHOLE) headers.delete(name);
      this.#request = new Request(url, {
        method,
        headers,
        body: body.bytes,
        signal,
      });
    }
    return this.#request;
  }

  readBody(done: (whole: boolean) => void): void {
    done(true);
  }

  header(name: string): string | null {
    if (OF_WHOLE.has(name)) return null;
    return name === "content-length"
      ? `${this.body.bytes.length}`
      : this.#whole.header(name);
  }

  respond(response: Response | Promise<Response>): void {
    this.#to.respond(response);
  }

  reset(): void {
    this.#to.reset();
  }

  onLeave(listener: LeaveListener): void {
    this.#listener = listener;
  }

  /** The client has left, or its connection was reset. */
  left(): void {
    this.#listener?.left();
  }
}

async function read(
  answer: Response | Promise<Response>,
  room: { left: number },
): Promise<Read> {
  const response = await answer;
  const decoder = new TextDecoder();
  let text = "";
  let taken = 0;
  try {
    for await (const piece of response.body ?? []) {
      if (piece.length > room.left) {
        room.left += taken;
        // To leave the loop cancels the rest.
        return { response, text: "", broken: false, large: true };
      }
      room.left -= piece.length;
      taken += piece.length;
      text += decoder.decode(piece, { stream: true });
    }
    text += decoder.decode();
    return { response, text, broken: false, large: false };
  } catch {
    return { response, text: "", broken: true, large: false };
  }
}

/** Headers that belong to one body. */
const OF_BODY = ["content-length", "content-encoding", "etag", "last-modified"];

/**
 * Joins the answers. Headers are those of the answer that came last, which decided when the batch left. If all have one status, it
 * is that of the whole; otherwise the whole is 200, and each answer says how its operation went.
 */
async function joined(
  answers: readonly Promise<Read>[],
  last: number,
): Promise<Response> {
  const all = await Promise.all(answers);
  const headers = new Headers(all[last].response.headers);
  for (const name of OF_BODY) headers.delete(name);
  headers.set("content-type", "application/json");
  const sequences = all.map(({ response }) =>
    response.headers.get("perfmock-sequence")
  ).filter((sequence) => sequence !== null);
  if (sequences.length > 0) {
    headers.set("perfmock-sequence", sequences.join(", "));
  }
  headers.delete("set-cookie");
  for (const { response } of all) {
    for (const cookie of response.headers.getSetCookie()) {
      headers.append("set-cookie", cookie);
    }
  }
  const [{ response: { status } }] = all;
  const same = all.every(({ response }) => response.status === status);
  const text = `[${all.map(partOf).join(",")}]`;
  return new Response(
    all.some(({ broken }) => broken) ? halfOf(text) : text,
    {
      status: same && status !== 204 && status !== 304 ? status : 200,
      headers,
    },
  );
}

/** Part of the answer for one operation: what its route answered, if that is a result of GraphQL, else an error with it. */
function partOf({ response: { status, ok }, text, large }: Read): string {
  if (large) {
    const message =
      `The answers of a batch have at most ${MOST_ANSWERED} bytes together`;
    return JSON.stringify({ errors: [{ message, extensions: { status } }] });
  }
  const json = jsonIn(text);
  if (json !== undefined && (ok || isResult(json))) return text;
  const extensions = { status, ...json !== undefined && { body: json } };
  const message = messageIn(json) ??
    (text === "" ? `The answer has status ${status} and no body` : text);
  return JSON.stringify({ errors: [{ message, extensions }] });
}

/** Returns true for the answer of a GraphQL server, failed or not. */
function isResult(json: unknown): boolean {
  return typeof json === "object" && json !== null &&
    ("errors" in json || "data" in json);
}

/** Text of a problem document. */
function messageIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { title, detail } = body as Record<string, unknown>;
  return typeof detail === "string"
    ? detail
    : typeof title === "string"
    ? title
    : undefined;
}

/** Half of a text, then an error, as the fault of one operation cuts the answer to all. */
function halfOf(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(new Error("A fault cuts this body"));
      sent = true;
      controller.enqueue(bytes.slice(0, Math.max(1, bytes.length >> 1)));
    },
  }, { highWaterMark: 0 });
}
