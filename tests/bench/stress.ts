/**
 * Resources that stress scenarios take and release, measured from outside, and their effect on perfmock's punctuality.
 *
 * @module
 */
import type { ScenarioReport } from "../../plugins/resource_stress/mod.ts";
import { residentSize, shares, threadUse } from "../support/outside.ts";
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { type Server, startPerfmock } from "./servers.ts";

const MIB = 2 ** 20;

/** A server under stress. */
interface Stressed {
  readonly server: Server;
  /** Starts a scenario and waits, so that it takes effect. */
  start(scenario: unknown, forMs?: number): Promise<ScenarioReport>;
  /** Returns the scenario's figures. */
  show(): Promise<ScenarioReport>;
  /** Stops the scenario and returns its last figures. */
  stop(): Promise<ScenarioReport>;
}

/** Measures stress, resource by resource. */
export const stress: Benchmark = {
  name: "stress",
  measures:
    "CPU and memory that stress scenarios take, read from /proc; pauses of the garbage collector; lateness of a 5 ms route before and during CPU stress",
  async run(context) {
    const seconds = context.quick ? 1 : 5;
    return [
      ...await cpu(context, seconds),
      ...await memory(context),
      await allocation(context, seconds),
      ...await lateness(context, seconds),
    ];
  },
};

async function stressed(
  { children }: Context,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Stressed> {
  const server = await startPerfmock(children, {
    config: {
      plugins: { resource_stress: options },
      routes: [{ path: "/ok", serviceTime: "5ms" }],
    },
    interval: 1,
  });
  const url = `${server.url}/_perfmock/resource_stress/scenarios`;
  let id = "";
  const call = async (path: string, init?: RequestInit) => {
    const response = await fetch(url + path, init);
    const answer = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer as ScenarioReport;
  };
  return {
    server,
    async start(scenario, forMs = 0) {
      const body = JSON.stringify(scenario);
      const report = await call("", { method: "POST", body });
      id = `/${report.id}`;
      await sleep(forMs);
      return await call(id);
    },
    show: () => call(id),
    stop: () => call(id, { method: "DELETE" }),
  };
}

async function cpu(context: Context, seconds: number): Promise<Row[]> {
  const rows: Row[] = [];
  const { server, start, show, stop } = await stressed(context, {
    spareCore: false,
  });
  for (const load of [0.3, 0.6, 0.9]) {
    const { resources } = await start({ cpu: { load } }, 500);
    const [tid] = resources.cpu.threads as number[];
    const from = await threadUse(server.child.pid, tid);
    await sleep(1000 * seconds);
    const { ran, waited } = shares(
      from,
      await threadUse(server.child.pid, tid),
    );
    const told = Number((await show()).resources.cpu.achieved);
    await stop();
    rows.push({
      what: `cpu ${100 * load} % of a core, over ${seconds} s`,
      values: {
        "ran %": 100 * ran,
        "told %": 100 * told,
        "waited for a core %": 100 * waited,
        "off points": 100 * Math.abs(ran - load),
      },
      targets: [{ column: "off points", atMost: 2 }],
    });
  }
  await server.child.stop();
  return rows;
}

async function memory(context: Context): Promise<Row[]> {
  const { server, start, stop } = await stressed(context);
  const resident = async () => await residentSize(server.child.pid) / MIB;
  const fresh = await resident();
  // The first thread of a process leaves code and heap behind, which later ones reuse.
  await start({ memory: { size: "16MiB" } }, 500);
  await stop();
  await sleep(2000);
  const idle = await resident();
  const megabytes = context.quick ? 64 : 1024;
  const size = {
    steps: [{ at: 0, value: 0 }, { at: "1s", value: `${megabytes}MiB` }],
  };
  await start({ memory: { size } }, 800);
  const up = await resident();
  await sleep(context.quick ? 1000 : 3000);
  const full = await resident();
  await stop();
  const released = await resident();
  await sleep(2000);
  const later = await resident();
  await server.child.stop();
  return [{
    what: `memory ${megabytes} MiB`,
    values: {
      "reached MiB": full - up,
      "off %": 100 * Math.abs((full - up) / megabytes - 1),
      "the thread itself MiB": up - idle,
    },
    targets: [{ column: "off %", atMost: 2 }],
  }, {
    what: "memory after release, beyond before",
    values: {
      "before MiB": idle,
      "left by the first scenario, once MiB": idle - fresh,
      "at once %": 100 * (released / idle - 1),
      "2 s later %": 100 * (later / idle - 1),
    },
    targets: [{ column: "2 s later %", atMost: 10 }],
  }];
}

async function allocation(context: Context, seconds: number): Promise<Row> {
  const { server, start, stop } = await stressed(context);
  await start({ allocation: { rate: "64MiB/s" } }, 1000 * seconds);
  const { achieved, pauses } = (await stop()).resources.allocation;
  const { count, meanMs, longestMs } = pauses as Record<string, number>;
  await server.child.stop();
  return {
    what: "allocation 64 MiB/s",
    values: {
      "achieved MiB/s": Number(achieved) / MIB,
      "pauses": count,
      "mean ms": meanMs,
      "longest ms": longestMs,
    },
  };
}

async function lateness(context: Context, seconds: number): Promise<Row[]> {
  const { hardwareConcurrency: cores } = navigator;
  const rows: Row[] = [];
  for (const spareCore of cores > 1 ? [true, false] : [false]) {
    const { server, start, stop } = await stressed(context, { spareCore });
    await requests(server, 100 * seconds);
    const workers = spareCore ? cores - 1 : cores;
    await start({ cpu: { load: 1, workers } });
    await requests(server, 100 * seconds);
    const { beforeP99Ms, duringP99Ms } = (await stop()).lateness;
    await server.child.stop();
    rows.push({
      what: `${workers} of ${cores} cores burning, spareCore ${spareCore}`,
      values: {
        "lateness p99 before ms": beforeP99Ms ?? NaN,
        "during ms": duringP99Ms ?? NaN,
      },
    });
  }
  return rows;
}

/** Sends requests to a 5 ms route, one after the other. */
async function requests(server: Server, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await (await fetch(`${server.url}/ok`)).body?.cancel();
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
