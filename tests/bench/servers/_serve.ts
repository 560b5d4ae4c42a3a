/**
 * What the servers of the benchmarks share: a free port of the loopback, told in a line of JSON, and an end with their owner.
 *
 * @module
 */

/** Serves until standard input ends, which it does when the owner of the process is gone. */
export async function serveForOwner(
  handler: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => announce(port),
  }, handler);
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await server.shutdown();
}

function announce(port: number): void {
  const line = new TextEncoder().encode(`${JSON.stringify({ port })}\n`);
  Deno.stdout.writeSync(line);
}
