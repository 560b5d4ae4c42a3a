/**
 * A processor of its own for what drives load, and the others for the servers, as between two machines. Left alone, a
 * system with few processors now and then puts the server behind the client's busy loop on one of them, for whole slices of
 * 3 to 4 ms, while the other is idle: that would be measured instead of the server.
 *
 * @module
 */

/** Which processors are whose, as lists that `taskset` takes: `0`, `0-2,5`. */
export interface Cores {
  /** All but the client's. */
  readonly server: string;
  /** The last one that this process may use. */
  readonly client: string;
}

/** Shares out the processors that this process may use; a sentence instead where that cannot be done. */
export async function shareCores(): Promise<Cores | string> {
  const together = "server and client share the processors";
  try {
    const status = await Deno.readTextFile("/proc/self/status");
    const cores = splitCores(
      /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "",
    );
    if (cores === undefined) {
      return `There is one processor only: ${together}`;
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

/** Splits a list such as `0-2,5`; undefined where it has less than two processors. */
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
