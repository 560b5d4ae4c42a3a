/**
 * A server for clients of other languages, and what each of their programs in clients/ must see of it.
 *
 * @module
 */
import { createPerfmock, type EngineName, type Perfmock } from "../../mod.ts";
import { definePlugin } from "../../core/plugin.ts";
import { fileURLToPath } from "node:url";

/** Size of a large body, in bytes. */
export const LARGE = 20_000_000;

/** Results that the programs print, one a line, as `name: result`. */
export const EXPECTED: Readonly<Record<string, string>> = {
  get: "200 hello",
  post_empty: "200 0",
  post: "200 11",
  put: "200 11",
  head: "200 5",
  kept: "1000 on 1 connection",
  concurrent: "1000",
  upload: `200 ${LARGE}`,
  chunked: `200 ${LARGE}`,
  // A route with a fixed answer does not need the body; the connection must go on after it.
  ignored: "200 hello, 200 hello",
  // The answer comes while the body is still on its way.
  early: "200 hello before the end of the body",
  download: `200 ${LARGE}`,
  reset: "error",
  cut: "error",
  abort_wait: "left",
  abort_body: "left",
};

const SIZE = {
  summary: "Counts the bytes of a body",
  answer: { type: "string" },
  type: "text/plain",
  handle: async ({ request }: { readonly request: Request }) => {
    let size = 0;
    for await (const part of request.body ?? []) size += part.length;
    // Pages of other origins may read it too.
    return new Response(String(size), {
      headers: { "access-control-allow-origin": "*" },
    });
  },
} as const;

const sizes = definePlugin({
  name: "sizes",
  version: "1.0.0",
  setup: () => ({
    endpoints: [
      { ...SIZE, method: "POST", path: "/size" },
      { ...SIZE, method: "PUT", path: "/size" },
    ],
  }),
});

/** Starts the server that the programs expect. */
export async function startServer(
  engine: EngineName,
  folder: string,
): Promise<Perfmock> {
  await Deno.writeTextFile(
    `${folder}/large.bin`,
    "0123456789".repeat(LARGE / 10),
  );
  return await createPerfmock({
    server: { engine },
    routes: [
      { path: "/hello", method: "*", response: { text: "hello" } },
      {
        path: "/wait",
        method: "*",
        serviceTime: "20ms",
        response: { json: { a: 1 } },
      },
      { id: "slow", path: "/slow", method: "*", serviceTime: "30s" },
      {
        id: "drip",
        path: "/drip",
        response: { file: "large.bin" },
        wire: { bandwidth: "1MB/s" },
      },
      { path: "/large", response: { file: "large.bin" } },
      {
        path: "/events",
        response: { events: { count: 3, data: "{{index}}" } },
      },
      {
        path: "/reset",
        response: { text: "hello" },
        // Deno's server cannot reset: there, the connection is closed without an answer.
        faults: [{
          share: 1,
          action: engine === "deno" ? "cut-body" : "connection-reset",
        }],
      },
      {
        path: "/cut",
        response: { text: "hello" },
        faults: [{ share: 1, action: "cut-body" }],
      },
    ],
  }, { plugins: [sizes], folder: new URL(`file://${folder}/`) });
}

/** Path of a program in clients/. */
export function clientFile(name: string): string {
  return fileURLToPath(new URL(`clients/${name}`, import.meta.url));
}

/** Reads the lines `name: result` that a program printed. */
export function resultsIn(output: string): Record<string, string> {
  return Object.fromEntries(
    output.split("\n").filter((line) => /^\w+: /.test(line)).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
}
