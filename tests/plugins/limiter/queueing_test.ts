import { deepEqual, equal, ok } from "node:assert/strict";
import { erlangB, queueFigures } from "../../../plugins/limiter/queueing.ts";
import { near } from "./_queueing.ts";
import golden from "../../reference/queueing.json" with { type: "json" };

Deno.test("Erlang's loss is the golden one", () => {
  for (const { c, offeredLoad, loss } of golden.erlangB) {
    near(erlangB(c, offeredLoad), loss, 2e-5, `${c} servers`);
    const figures = queueFigures({
      servers: c,
      queue: 0,
      offered: offeredLoad,
    });
    near(figures.loss, loss, 2e-5);
    equal(figures.wait, 0);
  }
});

Deno.test("the waits of M/M/c are the golden ones", () => {
  for (const { c, lambda, mu, meanWaitMs } of golden.mmc) {
    const of = { servers: c, queue: Infinity, offered: lambda / mu };
    const { loss, wait } = queueFigures(of);
    equal(loss, 0);
    near(wait / mu * 1000, meanWaitMs, 1e-6);
  }
});

Deno.test("loss and waits of M/M/c/K are the golden ones", () => {
  for (const { c, lambda, mu, K, loss, meanWaitAcceptedMs } of golden.mmck) {
    const of = { servers: c, queue: K - c, offered: lambda / mu };
    const figures = queueFigures(of);
    near(figures.loss, loss, 2e-5);
    near(figures.wait / mu * 1000, meanWaitAcceptedMs, 1e-4);
  }
});

Deno.test("loss and waits of M/M/c/K are those of its balance equations", () => {
  for (const c of [1, 2, 5, 13]) {
    for (const queue of [0, 1, 4, 40]) {
      for (const offered of [0.01, 0.5 * c, c, 1.7 * c]) {
        // Weights of the states 0 … K, one from another.
        const weights = [1];
        for (let k = 1; k <= c + queue; k++) {
          weights.push(weights[k - 1] * offered / Math.min(k, c));
        }
        const all = weights.reduce((sum, weight) => sum + weight, 0);
        const loss = weights[c + queue] / all;
        const queued = weights.reduce(
          (sum, weight, k) => sum + Math.max(0, k - c) * weight / all,
          0,
        );
        const figures = queueFigures({ servers: c, queue, offered });
        near(figures.loss, loss, 1e-9, `loss of ${c}, ${queue}, ${offered}`);
        near(figures.wait, queued / (offered * (1 - loss)), 1e-9, "wait");
      }
    }
  }
});

Deno.test("a queue without a limit grows without bound where the servers are too few, and no load waits", () => {
  deepEqual(queueFigures({ servers: 3, queue: Infinity, offered: 3 }), {
    loss: 0,
    wait: Infinity,
  });
  deepEqual(queueFigures({ servers: 3, queue: 2, offered: 0 }), {
    loss: 0,
    wait: 0,
  });
});

Deno.test("a long queue overflows nothing, whatever the load", () => {
  const overloaded = queueFigures({ servers: 2, queue: 900_000, offered: 8 });
  near(overloaded.loss, 0.75, 1e-9);
  ok(overloaded.wait > 400_000);
  const idle = queueFigures({ servers: 2, queue: 900_000, offered: 0.2 });
  near(
    idle.wait,
    queueFigures({ servers: 2, queue: Infinity, offered: 0.2 }).wait,
    1e-9,
  );
});
