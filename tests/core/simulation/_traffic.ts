/** Routes and sources for simulations. */
import type { ClosedSource, OpenSource } from "../../../core/simulation/mod.ts";
import { constant } from "../../../core/lib/signals/mod.ts";

/** A configuration of one route, "r". */
export function route(
  serviceTime: unknown = "0ms",
  more: Readonly<Record<string, unknown>> = {},
): { routes: { id: string; path: string }[] } {
  return { routes: [{ id: "r", path: "/r", serviceTime, ...more }] } as never;
}

/** An open source, "s": 100/s to the route "r", at equal distances. */
export function open(more: Partial<OpenSource> = {}): OpenSource {
  return {
    name: "s",
    arrivals: "uniform",
    rate: constant(100),
    targets: [{ route: "r" }],
    ...more,
  };
}

/** A closed source, "u": one user of the route "r" who thinks for 10 ms. */
export function closed(more: Partial<ClosedSource> = {}): ClosedSource {
  return {
    name: "u",
    users: 1,
    think: { draw: () => 10 },
    targets: [{ route: "r" }],
    ...more,
  };
}

/** Thinks for exponential times. */
export function exponential(mean: number): ClosedSource["think"] {
  return {
    draw: (stream, sequence) => -Math.log(stream.uniform(sequence)) * mean,
  };
}
