import { deepEqual, equal, ok } from "node:assert/strict";
import type { Stream } from "../../../core/plugin.ts";
import { simulate } from "../../../core/simulation/mod.ts";
import { closed, exponential, route } from "./_traffic.ts";

Deno.test("A user sends at once, and again a think time after each end", async () => {
  const times: number[] = [];
  const { sources, duration } = await simulate(route("5ms"), {
    duration: 50,
    sources: [closed({ observe: ({ arrival }) => times.push(arrival) })],
  });
  deepEqual(times, [0, 15, 30, 45]);
  equal(duration, 50);
  equal(sources.u.meanInFlight, 20 / 50);
});

Deno.test("A user sends nothing from the source's end on", async () => {
  const times: number[] = [];
  await simulate(route("5ms"), {
    duration: 1000,
    sources: [closed({
      start: 100,
      duration: 30,
      observe: ({ arrival }) => times.push(arrival),
    })],
  });
  deepEqual(times, [100, 115]);
});

Deno.test("A user's thoughts and choices stay the same, however many others there are", async () => {
  const first = async (users: number) => {
    const thoughts = new Map<Stream, number[]>();
    await simulate(route("1ms"), {
      duration: 2000,
      sources: [closed({
        users,
        think: {
          draw: (stream, sequence) => {
            const think = exponential(20).draw(stream, sequence);
            thoughts.set(stream, [...thoughts.get(stream) ?? [], think]);
            return think;
          },
        },
      })],
    });
    return [...thoughts.values()];
  };
  const [alone] = await first(1);
  const three = await first(3);
  ok(alone.length > 50);
  deepEqual(three[0], alone);
  deepEqual(three.length, 3);
  ok(three[1][0] !== alone[0] && three[2][0] !== three[1][0]);
});

Deno.test("Users think independently of each other", async () => {
  const first = new Map<number, number>();
  await simulate(route("0ms"), {
    exchanges: 2000,
    sources: [closed({
      users: 1000,
      think: exponential(100),
      observe: ({ arrival, sequence }) => {
        if (arrival > 0) first.set(sequence, arrival);
      },
    })],
  });
  const times = [...first.values()];
  equal(new Set(times).size, 1000);
  const mean = times.reduce((sum, time) => sum + time, 0) / 1000;
  // The first thousand of all returns: a Poisson process of 10 per ms, or close to it.
  ok(Math.abs(mean - 50) < 5, `${mean}`);
});

Deno.test("Users without a queue send users / (think + service) requests a second", async () => {
  const { sources, routes, duration } = await simulate(
    route({ exponential: { mean: "50ms" } }),
    {
      exchanges: 100_000,
      sources: [closed({ users: 100, think: exponential(450) })],
    },
  );
  const rate = sources.u.started / duration;
  ok(Math.abs(rate / (100 / 500) - 1) < 0.01, `${rate}`);
  ok(Math.abs(sources.u.meanInFlight / 10 - 1) < 0.02);
  equal(routes.r.answered, 100_000);
});
