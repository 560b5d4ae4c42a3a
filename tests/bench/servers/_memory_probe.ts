/**
 * Loaded before a server (`--preload`, with `--v8-flags=--expose-gc`). On each SIGUSR2 it collects garbage and writes the process's
 * memory use as a line of JSON.
 *
 * @module
 */
const { gc } = globalThis as { gc?: () => void };

Deno.addSignalListener("SIGUSR2", () => {
  gc?.();
  const line = `${JSON.stringify(Deno.memoryUsage())}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
});
