import { deepEqual, equal, ok } from "node:assert/strict";
import type { Distribution } from "../../../core/plugin.ts";
import { RouteView } from "../../../core/world/routes.ts";
import {
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
