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
  await ownerLeft();
  await server.shutdown();
}

/** Resolves when standard input ends. */
export function ownerLeft(): Promise<void> {
  return Deno.stdin.readable.pipeTo(new WritableStream());
}

/** Tells the owner where the server listens. */
export function announce(port: number): void {
  const line = new TextEncoder().encode(`${JSON.stringify({ port })}\n`);
  Deno.stdout.writeSync(line);
}
