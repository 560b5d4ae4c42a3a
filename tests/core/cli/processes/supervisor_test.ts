import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import {
  type Order,
  type Report,
  type SentError,
  STALE,
} from "../../../../core/cli/processes/messages.ts";
import type { ProcessEvents } from "../../../../core/cli/processes/replica_process.ts";
import {
  type Running,
  SupervisedError,
  Supervisor,
} from "../../../../core/cli/processes/supervisor.ts";
import type { PerfmockError } from "../../../../core/errors.ts";
import { CHANGE_HEADER, READY_HEADER } from "../../../../core/fleet/peers.ts";
import type { Stats } from "../../../../core/observe/stats.ts";
import type { Handover } from "../../../../core/server/handover.ts";
import { until } from "../../../support/wait.ts";

const STATE = { main: {}, sessions: {} } as unknown as Handover;
const STATS = { uptimeMs: 5 } as unknown as Stats;
const BROKEN: SentError = {
  code: "CONFIG_INVALID",
  message: "Cannot use it",
  issues: [{ path: "/seed", message: "It is no seed" }],
  text: "Cannot use it\n  /seed: It is no seed\n",
};

/** Reports with which a process answers an order; undefined for those of a healthy one. */
type Answers = (order: Order, process: Fake) => Report[] | undefined;

/** A process that lives in this one. */
class Fake implements Running {
  readonly pid: number;
  readonly orders: Order[] = [];
  readonly events: ProcessEvents;
  readonly #over = Promise.withResolvers<void>();
  readonly over = this.#over.promise;
  readonly #answers: Answers;
  #ended = false;

  constructor(pid: number, events: ProcessEvents, answers: Answers) {
    this.pid = pid;
    this.events = events;
    this.#answers = answers;
    queueMicrotask(() => events.report({ kind: "hello" }));
  }

  send(order: Order): void {
    this.orders.push(order);
    const reports = this.#answers(order, this) ?? this.#healthy(order);
    queueMicrotask(() => {
      for (const report of reports) this.events.report(report);
      if (order.kind === "drain" && reports.length > 0) this.end("status 0");
    });
  }

  #healthy(order: Order): Report[] {
    switch (order.kind) {
      case "start":
        return [{
          kind: "listening",
          url: "http://127.0.0.1:1/",
          own: `http://127.0.0.1:${this.pid}/`,
        }];
      case "reload":
        return [{
          kind: "prepared",
          id: order.id,
          files: { file: "/c.yaml", named: [] },
          digest: "d",
        }];
      case "settle":
        return [{
          kind: "settled",
          id: order.id,
          ...order.commit &&
            { result: { revision: 2, discarded: false, warnings: "" } },
        }];
      case "state":
        return [{ kind: "state", id: order.id, state: STATE }];
      case "drain":
        return [{ kind: "ended", stats: STATS }];
      default:
        return [];
    }
  }

  end(how: string, lastLine?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.events.ended({ how, lastLine });
    this.#over.resolve();
  }

  kill(): void {
    this.end("SIGKILL");
  }

  /** Orders of a kind. */
  sent<K extends Order["kind"]>(kind: K): Extract<Order, { kind: K }>[] {
    return this.orders.filter((order) => order.kind === kind) as Extract<
      Order,
      { kind: K }
    >[];
  }
}

/** A supervisor of two processes, and what it told. */
function supervised(answers: Answers = () => undefined) {
  const processes: Fake[] = [];
  const log: string[] = [];
  const printed: string[] = [];
  const failures: PerfmockError[] = [];
  const supervisor = new Supervisor({
    count: 2,
    options: { seed: "7" },
    port: 8080,
    log: (line) => void log.push(line),
    print: (line) => void printed.push(line),
    failed: (error) => void failures.push(error),
    start(events) {
      const process = new Fake(processes.length + 1, events, answers);
      processes.push(process);
      return process;
    },
  });
  return { supervisor, processes, log, printed, failures };
}

Deno.test("Supervisor starts each process with its segment, and tells all of the fleet once all listen", async () => {
  const { supervisor, processes, log, printed } = supervised();
  await using _ = supervisor;
  equal(await supervisor.start(), "http://127.0.0.1:1/");
  deepEqual([...supervisor.pids], [["0/2", 1], ["1/2", 2]]);
  for (const [index, process] of processes.entries()) {
    const [{ handover, name, options, port, segment }] = process.sent("start");
    deepEqual([name, segment, port, options, handover], [
      `${index}/2`,
      `${index}/2`,
      8080,
      { seed: "7" },
      undefined,
    ]);
    const [{ fleet }] = process.sent("fleet");
    deepEqual(fleet, {
      replicas: [0, 1].map((index) => ({
        name: `${index}/2`,
        segment: { index, count: 2 },
        url: `http://127.0.0.1:${index + 1}/`,
      })),
      lost: [],
      reasons: [],
    });
  }
  processes[1].events.line("from a plugin", true);
  processes[1].events.line("a warning", false);
  deepEqual([printed, log], [["from a plugin"], ["[1/2] a warning"]]);
});

Deno.test("Supervisor: an error of one process at the start is that of all, and ends the others", async () => {
  const cases: readonly [SentError, (error: Error) => boolean][] = [
    [
      BROKEN,
      (error) =>
        error instanceof SupervisedError && error.code === "CONFIG_INVALID" &&
        error.text === BROKEN.text && error.issues.length === 1,
    ],
    [
      { message: "no memory", issues: [], text: "no memory\n" },
      (error) =>
        !(error instanceof SupervisedError) && error.message === "no memory",
    ],
  ];
  for (const [error, holds] of cases) {
    const { supervisor, processes, failures } = supervised((order, { pid }) =>
      order.kind === "start" && pid === 2
        ? [{ kind: "failed", error }]
        : undefined
    );
    await rejects(supervisor.start(), holds);
    await Promise.all(processes.map(({ over }) => over));
    deepEqual(failures, []);
  }
});

Deno.test("Supervisor: a process that ends before it listens is named, with how it ended and its last line", async () => {
  for (
    const [lastLine, expected] of [
      [undefined, /process 1\/2 ended with status 1$/],
      ["out of memory", /process 1\/2 ended with status 1: out of memory$/],
    ] as const
  ) {
    const { supervisor } = supervised((order, process) => {
      if (order.kind !== "start" || process.pid !== 2) return undefined;
      queueMicrotask(() => process.end("status 1", lastLine));
      return [];
    });
    await rejects(supervisor.start(), (error: PerfmockError) => {
      equal(error.code, "SERVER_NOT_STARTED");
      match(error.message, expected);
      return true;
    });
  }
});

Deno.test("Supervisor replaces a process that ends, gives the new one the state of another, and tells of lost figures until the reset", async () => {
  const { supervisor, processes, log } = supervised();
  await using _ = supervisor;
  await supervisor.start();
  processes[0].end("SIGSEGV");
  equal(processes.length, 3);
  const [, { fleet: meanwhile }] = processes[1].sent("fleet");
  deepEqual(meanwhile.replicas[0].error, "it is being started");
  await until(() => processes[2].sent("fleet").length === 1);
  deepEqual(processes[2].sent("start")[0].handover, STATE);
  const sentence =
    "Process 0/2 (pid 1) ended with SIGSEGV and was replaced: its figures since the last reset are lost";
  const [{ fleet }] = processes[2].sent("fleet");
  deepEqual([fleet.lost, fleet.reasons], [["0/2"], [sentence]]);
  deepEqual(log, [sentence]);
  deepEqual([...supervisor.pids], [["0/2", 3], ["1/2", 2]]);
  // Later messages of the ended process concern nobody.
  processes[0].events.report({ kind: "reset" });
  equal(processes[2].sent("fleet").length, 1);
  processes[1].events.report({ kind: "reset" });
  deepEqual(processes[2].sent("fleet").at(-1)?.fleet.lost, []);
  deepEqual(processes[2].sent("fleet").at(-1)?.fleet.reasons, []);
});

Deno.test("Supervisor: a new process starts with the file if the other ends while it tells its state", async () => {
  const { supervisor, processes, log } = supervised((order, process) => {
    if (order.kind !== "state") return undefined;
    queueMicrotask(() => process.end("status 1"));
    return [];
  });
  await using _ = supervisor;
  await supervisor.start();
  processes[0].end("status 1");
  await until(() => processes[2].sent("start").length === 1);
  equal(processes[2].sent("start")[0].handover, undefined);
  ok(
    log.some((line) =>
      /^Process 0\/2 starts with the file, because process 1\/2 did not tell its state: .*process 1\/2 ended/
        .test(line)
    ),
    log.join("\n"),
  );
});

Deno.test("Supervisor ends a replacement that cannot start, and gives up after three early ends in a row", async () => {
  for (
    const [lastLine, expected] of [
      [undefined, /ended 3 times within 5 s of its start, .* with SIGKILL$/],
      ["why", /the last time with SIGKILL: why$/],
    ] as const
  ) {
    const { supervisor, processes, failures } = supervised((order, process) => {
      if (order.kind !== "start" || process.pid <= 2) return undefined;
      if (lastLine !== undefined) {
        queueMicrotask(() => process.end("SIGKILL", lastLine));
        return [];
      }
      return [{ kind: "failed", error: BROKEN }];
    });
    await using _ = supervisor;
    await supervisor.start();
    processes[1].end("status 1");
    await until(() => failures.length > 0);
    deepEqual([failures.length, processes.length], [1, 4]);
    equal(failures[0].code, "SERVER_NOT_STARTED");
    match(failures[0].message, /^Cannot go on serving: process 1\/2 /);
    match(failures[0].message, expected);
  }
});

Deno.test("Supervisor reads the configuration again in all processes", async () => {
  const { supervisor, processes } = supervised();
  await using _ = supervisor;
  await supervisor.start();
  deepEqual(await supervisor.reload(), {
    files: { file: "/c.yaml", named: [] },
    result: { revision: 2, discarded: false, warnings: "" },
  });
  for (const process of processes) {
    deepEqual(process.sent("settle").map(({ commit }) => commit), [true]);
  }
});

Deno.test("Supervisor: a configuration that one process refuses, or that changed while they read it, is used by none", async () => {
  const cases: readonly [Answers, RegExp, readonly boolean[]][] = [
    [
      (order, { pid }) =>
        order.kind === "reload" && pid === 2
          ? [{ kind: "prepared", id: order.id, error: BROKEN }]
          : undefined,
      /^Cannot use it\n {2}\/seed/,
      [false],
    ],
    [
      (order, { pid }) =>
        order.kind === "reload"
          ? [{ kind: "prepared", id: order.id, digest: `${pid}` }]
          : undefined,
      /^The file changed while the processes read it: none uses it\n$/,
      [false],
    ],
  ];
  for (const [answers, expected, commits] of cases) {
    const { supervisor, processes } = supervised(answers);
    await using _ = supervisor;
    await supervisor.start();
    const outcome = await supervisor.reload();
    match("error" in outcome ? outcome.error : "none", expected);
    deepEqual(processes[0].sent("settle").map(({ commit }) => commit), commits);
  }
});

Deno.test("Supervisor replaces a process that fails to use a configuration that the others use", async () => {
  const { supervisor, processes, log } = supervised((order, { pid }) =>
    order.kind === "settle" && pid === 2
      ? [{ kind: "settled", id: order.id, error: BROKEN }]
      : undefined
  );
  await using _ = supervisor;
  await supervisor.start();
  const outcome = await supervisor.reload();
  equal("result" in outcome && outcome.result.revision, 2);
  match(log[0], /^Process 1\/2 did not make a change that all others made/);
  await until(() => processes[2]?.sent("fleet").length === 1);
});

Deno.test("Supervisor: a reload says that a process ended meanwhile, or that none runs", async () => {
  const { supervisor } = supervised((order, process) => {
    if (order.kind !== "reload" || process.pid !== 2) return undefined;
    queueMicrotask(() => process.end("status 1"));
    return [];
  });
  const before = await supervisor.reload();
  match("error" in before ? before.error : "", /no replica answered/);
  await using _ = supervisor;
  await supervisor.start();
  const outcome = await supervisor.reload();
  match(
    "error" in outcome ? outcome.error : "",
    /1\/2 \(.*process 1\/2 ended \(status 1\)\) did not answer/,
  );
});

Deno.test("Supervisor carries a change out on all processes, and answers the one that was called", async () => {
  const steps: string[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ headers, url }) => {
      const step = headers.get(CHANGE_HEADER)?.split(" ")[1] ?? "";
      steps.push(`${step} ${new URL(url).pathname}`);
      return step === "prepare"
        ? new Response(null, { status: 204, headers: { [READY_HEADER]: "x" } })
        : Response.json({ made: true });
    },
  );
  let own = `http://127.0.0.1:${server.addr.port}/`;
  const { supervisor, processes } = supervised((order) =>
    order.kind === "start"
      ? [{ kind: "listening", url: "http://127.0.0.1:1/", own }]
      : undefined
  );
  await using _ = supervisor;
  await supervisor.start();
  const call = { method: "PATCH", target: "/a", headers: {}, body: "" };
  processes[0].events.report({ kind: "change", id: 5, call, sent: Date.now() });
  await until(() => processes[0].sent("answer").length === 1);
  const [{ answer, error, id }] = processes[0].sent("answer");
  deepEqual([id, answer?.status, answer?.body, error], [
    5,
    200,
    '{"made":true}',
    undefined,
  ]);
  deepEqual(steps.toSorted(), [
    "commit /a",
    "commit /a",
    "prepare /a",
    "prepare /a",
  ]);
  own = "http://127.0.0.1:1/";
  processes[1].events.report({ kind: "listening", url: own, own });
  processes[0].events.report({ kind: "change", id: 6, call, sent: Date.now() });
  await until(() => processes[0].sent("answer").length === 2);
  const refused = processes[0].sent("answer")[1];
  equal(refused.error?.code, "REPLICA_UNREACHABLE");
  match(refused.error?.message ?? "", /1\/2 \(.*cannot be reached/);
});

Deno.test("Supervisor shows its processes that it is there, and makes no change that it reads too late", async () => {
  const { supervisor, processes } = supervised();
  await using _ = supervisor;
  await supervisor.start();
  for (const process of processes) equal(process.sent("beat").length, 1);
  const call = { method: "PATCH", target: "/a", headers: {}, body: "" };
  processes[0].events.report({
    kind: "change",
    id: 5,
    call,
    sent: Date.now() - STALE - 1,
  });
  await until(() => processes[0].sent("answer").length === 1);
  const [{ answer, error }] = processes[0].sent("answer");
  equal(answer, undefined);
  match(error?.message ?? "", /has read the change too late/);
});

Deno.test("Supervisor drains all processes, and ends those that take too long", async () => {
  const whole = supervised();
  await whole.supervisor.start();
  deepEqual([...await whole.supervisor.drain(5000)], [
    ["0/2", STATS],
    ["1/2", STATS],
  ]);
  deepEqual(whole.failures, []);
  equal(whole.processes.length, 2);
  const slow = supervised((order, { pid }) =>
    order.kind === "drain" && pid === 1 ? [] : undefined
  );
  await slow.supervisor.start();
  deepEqual([...(await slow.supervisor.drain(20)).keys()], ["1/2"]);
  await Promise.all(slow.processes.map(({ over }) => over));
});
