import { deepEqual, equal, ok } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import type { LiveExchange } from "../../../core/pipeline/exchange.ts";
import type { Distribution } from "../../../core/plugin.ts";
import type { Body } from "../../../core/respond/source.ts";
import { RouteView } from "../../../core/world/route_view.ts";
import {
  flow,
  wireSchedule,
  type WireSettings,
} from "../../../core/respond/body_stream.ts";

const route = new RouteView(
  { id: "r", methods: ["GET"], path: "/r" },
  [1, 2],
  new Map(),
);

/** Draws the stream's uniform number, times ten. */
const tens = {
  draw: (stream, sequence) => 10 * stream.uniform(sequence),
} as Distribution;

const tenEach = { draw: () => 10 } as unknown as Distribution;

function times(
  settings: WireSettings,
  pieces: readonly number[],
  sequence = 0,
) {
  const schedule = wireSchedule(settings, route)(sequence, 1000);
  return pieces.map((bytes) => schedule.next(bytes) - 1000);
}

Deno.test("wireSchedule() schedules the first piece with the headers and each other piece one gap later", () => {
  deepEqual(times({ gap: tenEach }, [1, 1, 1]), [0, 10, 20]);
});

Deno.test("wireSchedule() draws each gap at a position that depends on sequence number and piece", () => {
  const first = times({ gap: tens }, Array(5000).fill(1));
  const again = times({ gap: tens }, Array(5000).fill(1));
  const other = times({ gap: tens }, Array(5000).fill(1), 1);
  deepEqual(first, again);
  ok(first[1] !== other[1]);
  const gaps = first.slice(1).map((time, i) => time - first[i]);
  equal(new Set(gaps).size, gaps.length);
});

Deno.test("wireSchedule() schedules an even flow if the bandwidth has no burst", () => {
  const bandwidth = { rate: 1000, burst: 0 };
  deepEqual(times({ bandwidth }, [100, 100, 50]), [100, 200, 250]);
});

Deno.test("wireSchedule() lets one burst pass at once", () => {
  const bandwidth = { rate: 1000, burst: 150 };
  deepEqual(times({ bandwidth }, [100, 100, 100]), [0, 50, 150]);
});

Deno.test("wireSchedule() refills the burst during gaps, up to its size", () => {
  const bandwidth = { rate: 1000, burst: 5 };
  deepEqual(times({ gap: tenEach, bandwidth }, [5, 5, 30, 5]), [0, 10, 45, 55]);
});

Deno.test("flow() lets the event loop go on while a body is read as fast as it comes", async () => {
  let left = 2000;
  const body: Body = {
    get ended() {
      return left === 0;
    },
    read: () => left-- > 0 ? new Uint8Array(1) : null,
    close() {},
  };
  let turns = 0;
  let timer = setTimeout(function turn() {
    turns++;
    timer = setTimeout(turn, 0);
  }, 0);
  const x = { plan: { clock: new VirtualClock() } } as unknown as LiveExchange;
  const reader = flow(x, body, undefined).getReader();
  // Not to the end, at which the exchange would have to end too.
  for (let i = 0; i < 1999; i++) equal((await reader.read()).done, false);
  clearTimeout(timer);
  ok(turns >= 10, `${turns} turns for 2000 pieces`);
});
