/**
 * Shared by the benchmarks' servers: they listen on a free port of the loopback interface, write it as a line of JSON, and end with
 * the process that started them.
 *
 * @module
 */

/** Serves until standard input ends, which it does when the parent process ends. */
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

/** Writes the server's port to standard output, as a line of JSON. */
export function announce(port: number): void {
  const line = new TextEncoder().encode(`${JSON.stringify({ port })}\n`);
  Deno.stdout.writeSync(line);
}
