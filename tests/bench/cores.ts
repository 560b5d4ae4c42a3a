/**
 * Assigns one processor to the client and the others to the servers, as if they ran on two machines. Otherwise the scheduler of a
 * system with few processors sometimes runs the server on the same processor as the client's busy loop, where the server waits for
 * time slices of 3 to 4 ms while another processor is idle, and the benchmark would measure that delay.
 *
 * @module
 */

/** Processors of each side, as lists that `taskset` accepts: `0`, `0-2,5`. */
export interface Cores {
  /** All processors except the client's. */
  readonly server: string;
  /** Last processor that this process may use. */
  readonly client: string;
}

/** Divides the processors that this process may use. Returns the reason, as a sentence, if that is not possible. */
export async function shareCores(): Promise<Cores | string> {
  const together = "server and client share the processors";
  try {
    const status = await Deno.readTextFile("/proc/self/status");
    const cores = splitCores(
      /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "",
    );
    if (cores === undefined) {
      return `There is only one processor: ${together}`;
    }
    const { success } = await new Deno.Command("taskset", {
      args: ["-c", cores.client, "true"],
    }).output();
    return success ? cores : `taskset fails here: ${together}`;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `There is no taskset here: ${together}`;
  }
}

/** Splits a list such as `0-2,5`; undefined if it has fewer than two processors. */
export function splitCores(list: string): Cores | undefined {
  const cores = list.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  if (cores.length < 2) return undefined;
  return {
    server: cores.slice(0, -1).join(","),
    client: cores.slice(-1).join(),
  };
}
