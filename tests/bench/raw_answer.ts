/**
 * Bytes of an answer as a server writes them.
 *
 * @module
 */

/** Sequence number of an answer in the middle of a run: most have this many digits. */
const SEQUENCE = "500000";

/**
 * Fetches a URL and returns the whole answer, head and body, with a sequence number as it is in the middle of a run.
 *
 * @throws Error if the answer has no Content-Length
 */
export async function typicalAnswer(url: string): Promise<string> {
  const { hostname, port, host, pathname } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  let text = "";
  const decoder = new TextDecoder();
  for (const buffer = new Uint8Array(4096); !isComplete(text);) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`The answer of ${url} was cut`);
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return withSequence(text);
}

/**
 * Returns true if a text is a whole answer in ASCII.
 *
 * @throws Error if the head is complete and has no Content-Length
 */
export function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: *(\d+)\r$/im.exec(text.slice(0, end + 2));
  if (length === null) throw new Error("The answer has no Content-Length");
  return text.length >= end + 4 + Number(length[1]);
}

/** Returns an answer with another sequence number, if it has one. */
export function withSequence(answer: string): string {
  return answer.replace(/^(perfmock-sequence: *)\d+\r$/im, `$1${SEQUENCE}\r`);
}
