/**
 * Installed software that the real tests drive.
 *
 * @module
 */

/** True where the suite was asked for: then what is not installed fails, else it is left out. */
export const required: boolean = Deno.env.get("PERFMOCK_REQUIRE_REAL") === "1";

/** Runs a program to its end with a text on its standard input. */
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

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Asks again until there is an answer.
 *
 * @param ask answers undefined, or rejects because nobody listens yet, while there is none
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
