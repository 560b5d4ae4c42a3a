/**
 * Why connections and exchanges fail, in one word each.
 *
 * @module
 */

/**
 * Why there was no whole answer: the connection was refused, failed in its TLS handshake, or could not be made for another
 * reason; it was reset, or closed too early; what came was no HTTP; the time was up; or the exchange was cut.
 */
export type FailureKind =
  | "refused"
  | "tls"
  | "connect"
  | "reset"
  | "closed"
  | "protocol"
  | "timeout"
  | "cut";

/** Words of the messages that fetch and sockets fail with, in the order in which they are looked for. */
const WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/refused/i, "refused"],
  [/certificate|tls|handshake|alert/i, "tls"],
  [/dns|lookup|unreachable|no route|\(Connect\)|tcp connect/i, "connect"],
  [/reset|broken pipe|aborted/i, "reset"],
  [/closed|incomplete|eof|end of file/i, "closed"],
];

/** The kind of a failed attempt to connect. */
export function kindOfConnectError(error: unknown): FailureKind {
  const kind = kindOfError(error);
  return kind === "refused" || kind === "tls" ? kind : "connect";
}

/** The kind of what a fetch or a socket failed with, by the words of its message and those of its causes; else `protocol`. */
export function kindOfError(error: unknown): FailureKind {
  let text = "";
  for (let e = error; e instanceof Error; e = e.cause) {
    text += `${e.name}: ${e.message}\n`;
  }
  return WORDS.find(([words]) => words.test(text))?.[1] ?? "protocol";
}
