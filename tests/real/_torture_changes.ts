/**
 * Clients of the torture suite that change the server: its configuration, files, sessions, scenarios, runs and receivers.
 *
 * @module
 */
import type { Serving } from "../support/cli.ts";
import { ask, type Client, pause, type Torture } from "./_torture_clients.ts";
import type { Outcome } from "./_torture_tally.ts";
import type { Receivers } from "./_torture_server.ts";

const CONTROL = "/_perfmock";

async function call(
  torture: Torture,
  name: string,
  [method, path, body]: readonly [string, string, unknown?],
  allowed: readonly Outcome[],
): Promise<string | undefined> {
  return await ask(torture, name, {
    path: `${CONTROL}${path}`,
    allowed,
    init: {
      method,
      ...body !== undefined && {
        body: typeof body === "string" ? body : JSON.stringify(body),
      },
    },
  });
}

/** Changes the configuration several times a second, half of the time with errors. */
export function reload(
  config: { readonly routes: readonly unknown[] },
): Client {
  return async (torture, chance) => {
    while (!torture.over) {
      const scale = 1 + chance.below(5);
      // Concurrent changes may have removed the route.
      await call(
        torture,
        "valid change",
        chance.of(
          [
            ["PATCH", "/config", { seed: scale }],
            ["PATCH", "/routes/changing", { scale }],
            ["DELETE", "/routes/changing"],
            ["PUT", "/routes/changing", {
              path: "/changing",
              serviceTime: `${scale}ms`,
            }],
            ["PATCH", "/limiter/pools/db", { concurrency: 2 + scale }],
            ["PUT", "/config", { ...config, seed: scale }],
          ] as const,
        ),
        [200, 204, 404],
      );
      await pause(chance.below(200));
      await call(
        torture,
        "wrong change",
        chance.of(
          [
            ["PATCH", "/config", { sed: 1 }],
            ["PATCH", "/config", {
              plugins: { limiter: { pools: { db: 1 } } },
            }],
            ["PUT", "/config", { routes: [{ path: "/a" }, { path: "/a" }] }],
            ["PUT", "/routes/x", { path: "/x", serviceTime: "-1ms" }],
            ["PATCH", "/config", '{"seed":'],
            ["PUT", "/config", { plugins: { "./other.js": {} } }],
            ["PATCH", "/routes/none", {}],
          ] as const,
        ),
        [400, 403, 404],
      );
      await pause(chance.below(200));
    }
  };
}

/** Changes served files and the configuration's, and has the configuration read again. */
export function files(
  server: Serving,
  folder: string,
  config: unknown,
): Client {
  return async (torture, chance) => {
    while (!torture.over) {
      const file = `${folder}/files/${chance.of(["a", "b", "c"])}.txt`;
      const size = chance.below(300_000);
      if (chance.below(4) === 0) await Deno.remove(file).catch(() => {});
      else if (chance.below(2) === 0) {
        await Deno.writeTextFile(file, "z".repeat(size));
      } else {
        await Deno.writeTextFile(`${file}.new`, "z".repeat(size));
        await Deno.rename(`${file}.new`, file);
      }
      if (chance.below(5) === 0) {
        const text = JSON.stringify(config);
        await Deno.writeTextFile(
          `${folder}/perfmock.json`,
          chance.below(2) === 0 ? text : text.slice(0, chance.below(200)),
        );
        server.signal("SIGHUP");
      }
      torture.tally.add("file change", "late", ["late"]);
      await pause(chance.below(300));
    }
    await Deno.writeTextFile(`${folder}/perfmock.json`, JSON.stringify(config));
  };
}

/** Makes sessions, uses them, and ends some; the others end by themselves. */
export const sessions: Client = async (torture, chance) => {
  while (!torture.over) {
    const name = `s${chance.below(12)}`;
    await call(torture, "session made", ["POST", "/sessions", {
      name,
      routes: { changing: { path: "/changing" } },
    }], [201, 400, 429]);
    for (let i = 0; i < 5; i++) {
      await ask(torture, "in a session", {
        path: chance.of(["/fixed", "/limited", "/_perfmock/stats"]),
        allowed: [200, 503, 404],
        init: { headers: { "perfmock-session": name } },
      });
    }
    if (chance.below(2) === 0) {
      await call(torture, "session ended", ["DELETE", `/sessions/${name}`], [
        204,
        404,
      ]);
    }
    await pause(chance.below(300));
  }
};

/** Starts scenarios of stress, load runs and simulations, and stops them in the middle. */
export const runs: Client = async (torture, chance) => {
  while (!torture.over) {
    const stress = await call(torture, "stress", [
      "POST",
      "/resource_stress/scenarios",
      chance.of([
        { cpu: { load: 0.2 }, duration: "1s" },
        { memory: { size: "16MiB" }, duration: "1s" },
        { allocation: { rate: "5MiB/s" }, duration: "1s" },
        { eventLoop: { block: "1s" } },
      ]),
    ], [201, 400]);
    const script = {
      scenarios: {
        a: {
          executor: "arrival-rate",
          rate: "50/s",
          duration: "2s",
          requests: [{ path: "/fixed" }, { path: "/faulty" }],
        },
      },
    };
    const run = await call(torture, "run", [
      "POST",
      "/load_engine/runs",
      chance.of([script, script, "scenarios: [", { scenarios: {} }]),
    ], [201, 400]);
    if (chance.below(4) === 0) {
      await call(torture, "simulation", [
        "POST",
        "/load_engine/simulate",
        script,
      ], [200, 400, 429, 503]);
    }
    await pause(chance.below(1000));
    await stop(torture, "/load_engine/runs", run);
    await stop(torture, "/resource_stress/scenarios", stress);
    await pause(chance.below(500));
  }
};

async function stop(
  torture: Torture,
  path: string,
  started: string | undefined,
): Promise<void> {
  const { id } = JSON.parse(started ?? "{}");
  if (id === undefined) return;
  await call(torture, "stopped", ["DELETE", `${path}/${id}`], [200, 404]);
}

/** Turns the receivers of metrics off and on. */
export function receivers(given: Receivers): Client {
  return async (torture, chance) => {
    while (!torture.over) {
      await given.turn();
      await pause(500 + chance.below(1500));
    }
  };
}
