/**
 * Error of a request's body that the client did not send as announced, or not to its end.
 *
 * @module
 */

/** Error that whoever reads the body receives. It is a TypeError, as the Fetch API has it, and nobody's fault but the client's. */
export class RequestBodyError extends TypeError {}

/** Messages of Deno's server, whose errors have no class of their own. */
const DENO =
  /^invalid HTTP\/1 request|^Cannot read (request )?body as underlying resource unavailable$/;

/** Recognises the error of a body that a client did not send, whichever engine has received it. */
export function isRequestBodyError(error: unknown): error is Error {
  return error instanceof RequestBodyError ||
    error instanceof Error && DENO.test(error.message);
}
