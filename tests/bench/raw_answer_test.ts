import { equal, match, throws } from "node:assert/strict";
import { Children } from "./processes.ts";
import { isComplete, typicalAnswer, withSequence } from "./raw_answer.ts";
import { startScript } from "./servers.ts";

const ANSWER =
  "HTTP/1.1 200 OK\r\nPerfmock-Sequence: 7\r\ncontent-length: 2\r\n\r\nok";

Deno.test("isComplete() waits for the end of the head and for the whole body", () => {
  for (let i = 0; i < ANSWER.length; i++) {
    equal(isComplete(ANSWER.slice(0, i)), false, `${i} bytes`);
  }
  equal(isComplete(ANSWER), true);
});

Deno.test("isComplete() refuses an answer without Content-Length", () => {
  throws(
    () => isComplete("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    /no Content-Length/,
  );
});

Deno.test("withSequence() changes the sequence number alone", () => {
  equal(withSequence(ANSWER), ANSWER.replace(": 7", ": 500000"));
  equal(withSequence("HTTP/1.1 200 OK\r\n\r\n"), "HTTP/1.1 200 OK\r\n\r\n");
});

Deno.test("typicalAnswer() returns head and body", async () => {
  await using children = new Children();
  const { url } = await startScript(children, "bare_text");
  match(
    await typicalAnswer(`${url}/`),
    /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/,
  );
});
