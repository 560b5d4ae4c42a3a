/**
 * Runs the respond hooks of a route. They may take their time and replace the body: the exchange goes on until they have answered
 * or its client has left, and an error of a body that a hook made is the hook's, even long after the headers.
 *
 * @module
 */
import { describeReturned, isThenable } from "../lib/thrown.ts";
import type { LiveExchange, Stage } from "../pipeline/exchange.ts";
import { abandoned } from "../pipeline/incoming.ts";
import { handOver, misshaped, shaped } from "../pipeline/pipeline.ts";

/** Reports the error of a hook and makes the answer to it. */
export type Broken = (
  x: LiveExchange,
  error: unknown,
  stage: Stage,
  index: number,
) => Response;

type Hooked = Response | Promise<Response>;

/** Runs the respond hooks in turn. Returns a promise only if one of them does; it never rejects. */
export function shape(
  x: LiveExchange,
  response: Response,
  broken: Broken,
): Hooked {
  return new Shaping(x, response, broken).run();
}

/** The hooks of one exchange on their way. */
class Shaping {
  readonly #x: LiveExchange;
  readonly #response: Response;
  readonly #broken: Broken;
  /** Index of the hook that runs. */
  #running = 0;
  /** Error of a body that is reported: it passes through the bodies that later hooks have made of it. */
  #reported: unknown;

  /** @param response of the route */
  constructor(x: LiveExchange, response: Response, broken: Broken) {
    this.#x = x;
    this.#response = response;
    this.#broken = broken;
  }

  run(): Hooked {
    let made: Hooked = this.#response;
    try {
      for (const index of this.#x.plan.hooks.respond.keys()) {
        const hook = (before: Response) => this.#call(index, before);
        made = made instanceof Response ? hook(made) : made.then(hook);
      }
      if (made instanceof Response) return this.#end(made);
    } catch (error) {
      return this.#fail(error);
    }
    return this.#wait(made);
  }

  #call(index: number, before: Response): Hooked {
    this.#running = index;
    const after: unknown = this.#x.plan.hooks.respond[index](this.#x, before);
    const taken = (response: unknown) =>
      this.#guard(checked(response, before), before, index);
    return isThenable(after)
      ? Promise.resolve(after).then(taken)
      : taken(after);
  }

  /** Waits for the hooks, and for no longer than the client does. */
  #wait(made: Promise<Response>): Promise<Response> {
    const x = this.#x;
    const { promise, resolve } = Promise.withResolvers<Response>();
    x.shaping = () => resolve(abandoned(x.outcome));
    made.then((final) => this.#end(final))
      .catch((error) => this.#fail(error))
      .then((final) => {
        // Too late: nobody reads it.
        if (x.shaping === undefined) final.body?.cancel().catch(() => {});
        shaped(x);
        resolve(final);
      });
    x.incoming?.onLeave(x, false);
    return promise;
  }

  #end(made: Response): Response {
    const x = this.#x;
    const final = remeasured(x, this.#response, made);
    if (isLeft(this.#response, made)) this.#leaveBody();
    // Observers see the status that is sent.
    x.status = final.status;
    return final;
  }

  #fail(error: unknown): Response {
    const x = this.#x;
    this.#leaveBody();
    misshaped(x, error);
    return this.#broken(x, error, "respond", this.#running);
  }

  /** The route's own body is not read. */
  #leaveBody(): void {
    const x = this.#x;
    if (x.shaping === undefined) x.flowing = false;
    else handOver(x);
  }

  /** Returns a response whose body, if the hook has made it, reports its errors. */
  #guard(after: Response, before: Response, index: number): Response {
    if (after === before) return after;
    const { body, headers, status, statusText } = after;
    if (body === null || body === before.body) return after;
    return new Response(
      guarded(body, headers.get("content-length"), (error) => {
        const { outcome, error: known, plan } = this.#x;
        // The route's own body has failed or was cut, and the hook's has passed that on.
        if (outcome === "gone" || outcome === "cut" || error === known) return;
        if (error === this.#reported) return;
        this.#reported = error;
        plan.report(error, plan, "respond", index);
      }),
      { headers, status, statusText },
    );
  }
}

/**
 * Returns a body that passes on the pieces of another one.
 *
 * @param announced value of Content-Length; null if there is none
 * @param failed takes the error of a body that breaks, has pieces which are no bytes, or is not as long as announced
 */
function guarded(
  body: ReadableStream<unknown>,
  announced: string | null,
  failed: (error: unknown) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let left = announced === null ? NaN : Number(announced);
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          const piece = bytesIn(value);
          left -= piece.length;
          if (left < 0) throw wrongLength("longer", announced);
          controller.enqueue(piece);
        } else if (left > 0) throw wrongLength("shorter", announced);
        else controller.close();
      } catch (error) {
        failed(error);
        controller.error(error);
        reader.cancel(error).catch(() => {});
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Checks the type at run time, because a plugin may be plain JavaScript. */
function bytesIn(piece: unknown): Uint8Array<ArrayBuffer> {
  if (piece instanceof Uint8Array) return piece as Uint8Array<ArrayBuffer>;
  throw new TypeError(
    `Cannot send a piece of the body that a respond hook made: it must be a Uint8Array, received ${
      describeReturned(piece)
    }`,
  );
}

function wrongLength(than: string, announced: string | null): TypeError {
  return new TypeError(
    `Cannot send the body that a respond hook made: it is ${than} than its Content-Length, ${announced}`,
  );
}

/** Returns whether a hook answers with another body, so that the route's own body will not be read. */
function isLeft(response: Response, final: Response): boolean {
  if (response === final) return false;
  const { body } = response;
  return body !== null && body !== final.body && !body.locked;
}

/** Removes the length of the route's body from an answer to HEAD that a hook gave a body of its own. */
function remeasured(
  x: LiveExchange,
  before: Response,
  final: Response,
): Response {
  if (x.method !== "HEAD" || final === before) return final;
  const { body, status } = final;
  if (body === null) return final;
  const headers = new Headers(final.headers);
  headers.delete("content-length");
  return new Response(body, { status, headers });
}

/**
 * Checks the type at run time, because a plugin may be plain JavaScript.
 *
 * @param given response that the hook was given. Its body is not looked at: that makes a stream of it, whose length Deno's server
 * does not know
 */
function checked(response: unknown, given: Response): Response {
  if (response instanceof Response) {
    if (response.bodyUsed || response !== given && response.body?.locked) {
      throw new TypeError(
        "Cannot use the result of a respond hook: its body was read already",
      );
    }
    return response;
  }
  throw new TypeError(
    `Cannot use the result of a respond hook: it must be a Response, received ${
      describeReturned(response)
    }`,
  );
}
