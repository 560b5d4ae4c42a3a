/**
 * Installed software for the real tests.
 *
 * @module
 */

/** True if the suite was asked for: then missing software is a failure, otherwise its tests are skipped. */
export const required: boolean = Deno.env.get("PERFMOCK_REQUIRE_REAL") === "1";

/** Runs a program to its end, with a text as its standard input. */
export async function run(
  program: string,
  args: readonly string[],
  input: string,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, output: text.decode(stdout) + text.decode(stderr) };
}

/** A port of the loopback interface that is free at the time of the call. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Calls a function again until it returns a value.
 *
 * @param ask function to call; returns undefined, or rejects, as long as there is no value
 * @throws Error after 30 s
 */
export async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const answer = await ask().catch((error: unknown) => {
      if (error instanceof TypeError) return undefined;
      throw error;
    });
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Cannot get an answer within 30 s");
}
