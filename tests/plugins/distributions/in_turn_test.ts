import { deepEqual } from "node:assert/strict";
import type { Route } from "../../../core/plugin.ts";
import { createStream, streamKey } from "../../../core/lib/random/mod.ts";
import { samplerInTurn } from "../../../plugins/distributions/in_turn.ts";
import { INDEPENDENT } from "../../../plugins/distributions/sampling.ts";
import { make } from "./_compile.ts";

const key = await streamKey(42, "orders");

/** Service times of ten exchanges: one cold, two warm, and then hot ones. */
function drawn(
  route: Partial<Route>,
  exchange: (index: number) => { sequence: number; turn?: number },
): number[] {
  const turns = [[1, 300], [2, 50], [1, 10]].map(([times, value]) => ({
    times,
    of: make("constant", { value }),
  }));
  const { draw } = samplerInTurn(turns, {
    serviceTime: undefined,
    sampling: INDEPENDENT,
    route: {
      arrivals: 0,
      stream: (purpose: string) => createStream(key, purpose),
      ...route,
    } as Route,
  });
  return Array.from({ length: 10 }, (_, index) => draw(exchange(index)));
}

Deno.test("samplerInTurn() holds the last service time, unless the route begins again", () => {
  const inOrder = (sequence: number) => ({ sequence });
  const once = [300, 50, 50, 10, 10, 10, 10, 10, 10, 10];
  deepEqual(drawn({}, inOrder), once);
  deepEqual(drawn({ repeatsTurns: false }, inOrder), once);
  deepEqual(
    drawn({ repeatsTurns: true }, inOrder),
    [300, 50, 50, 10, 300, 50, 50, 10, 300, 50],
  );
});

Deno.test("samplerInTurn() follows the turn of an exchange, not its sequence number", () => {
  deepEqual(
    drawn({}, (sequence) => ({ sequence, turn: sequence % 2 })),
    [300, 50, 300, 50, 300, 50, 300, 50, 300, 50],
  );
});
