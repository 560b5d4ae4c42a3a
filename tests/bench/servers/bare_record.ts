/**
 * Bare Deno.serve that answers with the headers and body of its argument, `{headers, body}` in JSON, and a sequence number. Each
 * answer is a new Response from a record of headers, as most programs are written.
 *
 * @module
 */
import { serveForOwner } from "./_serve.ts";

if (import.meta.main) {
  const { headers, body } = JSON.parse(Deno.args[0]);
  const timing = headers["server-timing"];
  let sequence = 0;
  await serveForOwner(() =>
    new Response(body, {
      headers: {
        ...headers,
        "perfmock-sequence": String(sequence++),
        "server-timing": timing,
      },
    })
  );
}
