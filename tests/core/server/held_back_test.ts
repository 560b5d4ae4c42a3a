import { deepEqual, match } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { HeldBack } from "../../../core/server/held_back.ts";

function heldBack() {
  const clock = new VirtualClock();
  const metrics = new MetricRegistry();
  const logged: string[] = [];
  const held = new HeldBack({
    clock,
    metrics,
    log: (level, line) => logged.push(`${level}: ${line}`),
  });
  const counter = metrics.counter({
    name: "perfmock_connections_held_back_total",
    help: "",
    labels: ["reason"],
  });
  const counts = () =>
    Object.fromEntries(
      Array.from(
        counter.entries(),
        ([[reason], { value }]) => [reason, value],
      ),
    );
  return { clock, held, logged, counts };
}

Deno.test("HeldBack counts each time by its reason, from 0", () => {
  const { counts, held } = heldBack();
  deepEqual(counts(), { connections: 0, descriptors: 0 });
  held.count("connections");
  held.count("descriptors");
  held.count("connections");
  deepEqual(counts(), { connections: 2, descriptors: 1 });
});

Deno.test("HeldBack gives health a sentence for each reason, until 10 s after the latest time", () => {
  const { clock, held } = heldBack();
  deepEqual(held.reasons, []);
  held.count("descriptors");
  clock.advance(6000);
  held.count("connections");
  match(held.reasons.join("\n"), /^As many connections .*\nNo descriptor /);
  clock.advance(4000);
  deepEqual(held.reasons.length, 2);
  clock.advance(0.001);
  deepEqual(held.reasons.length, 1);
  held.count("descriptors");
  clock.advance(6000);
  match(held.reasons.join("\n"), /^No descriptor [^\n]*$/);
  clock.advance(4000.001);
  deepEqual(held.reasons, []);
});

Deno.test("HeldBack logs the first time after 10 s without one, for each reason", () => {
  const { clock, held, logged } = heldBack();
  for (let n = 0; n < 100; n++) {
    held.count("connections");
    clock.advance(1000);
  }
  deepEqual(logged.length, 1);
  held.count("descriptors");
  clock.advance(10_001);
  held.count("connections");
  held.count("connections");
  deepEqual(logged.map((line) => line.slice(0, 18)), [
    "warn: As many conn",
    "warn: No descripto",
    "warn: As many conn",
  ]);
});
