/**
 * Loaded ahead of a server (`--preload`, with `--v8-flags=--expose-gc`), tells its memory after a collection as a line of
 * JSON, whenever it receives SIGUSR2.
 *
 * @module
 */
const { gc } = globalThis as { gc?: () => void };

Deno.addSignalListener("SIGUSR2", () => {
  gc?.();
  const line = `${JSON.stringify(Deno.memoryUsage())}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
});
