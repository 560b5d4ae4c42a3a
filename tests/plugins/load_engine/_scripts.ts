/** Helpers: scripts, and an environment with the responses of a test. */
import { BUILTIN } from "../../../core/builtin.ts";
import {
  type LoadProgress,
  type LoadResult,
  threadHost,
  VirtualClock,
} from "../../../core/load.ts";
import {
  type Dials,
  PerfmockError,
  type Segment,
  WHOLE,
} from "../../../core/plugin.ts";
import { LoadRun } from "../../../plugins/load_engine/executors/load_run.ts";
import type {
  Environment,
  ErrorKind,
  Order,
} from "../../../plugins/load_engine/order.ts";
import { parseScript } from "../../../plugins/load_engine/script/parse.ts";
import type {
  Script,
  ScriptServer,
} from "../../../plugins/load_engine/script/script.ts";

/** Tools that scripts are read with. */
export const host = {
  ...await threadHost({
    json: "{}",
    folder: "file:///",
    builtin: BUILTIN.module,
  }),
  seed: 42,
};

/** A server without dials, stress and targets. */
export const BARE: ScriptServer = {
  dials: {
    list: () => [],
    typeOf: () => undefined,
    configured: () => undefined,
    summaryOf: () => undefined,
    hold: () => {
      throw new Error("there are no dials");
    },
  },
  stress: undefined,
  targets: [],
};

/** Parses a script as the server does. */
export async function parse(
  value: unknown,
  server: Partial<ScriptServer> = {},
  folder = "/",
  segment: Segment = WHOLE,
): Promise<Script> {
  const tools = { ...host, folder, segment, server: { ...BARE, ...server } };
  return await parseScript(value, tools);
}

/** Parses a script with one scenario named `s`. */
export function one(scenario: Record<string, unknown>): Promise<Script> {
  return parse({ scenarios: { s: scenario } });
}

/** Returns the issues of a script as path and message. */
export async function issuesOf(
  value: unknown,
  server: Partial<ScriptServer> = {},
  folder = "/",
  segment: Segment = WHOLE,
) {
  try {
    await parse(value, server, folder, segment);
  } catch (error) {
    if (error instanceof PerfmockError) return error.issues;
    throw error;
  }
  return [];
}

/** An environment that responds in virtual time. */
export class FakeEnvironment implements Environment {
  readonly clock: VirtualClock = new VirtualClock();
  /** All orders in the order in which they were sent. */
  readonly sent: Order[] = [];
  /** Response time in ms; Infinity for no response. */
  takes: (order: Order) => number = () => 10;
  /** Status of the response. */
  says: (order: Order) => { status?: number; error?: ErrorKind } = () => ({});
  readonly #underWay = new Map<Order, number>();

  constructor(readonly byTimer: boolean = false) {}

  send(order: Order): void {
    this.sent.push(order);
    order.started = this.clock.now();
    const end = order.started + this.takes(order);
    this.#underWay.set(order, this.clock.at(end, this.#end, order));
  }

  cut(scenario: number): void {
    for (const order of [...this.#underWay.keys()]) {
      if (order.request.scenario === scenario) this.#end(order, "cut");
    }
  }

  readonly #end = (order: Order, error?: ErrorKind): void => {
    this.clock.cancel(this.#underWay.get(order) ?? 0);
    this.#underWay.delete(order);
    const said = this.says(order);
    order.ended = order.firstByte = this.clock.now();
    order.status = said.status ?? 200;
    order.error = error ?? said.error ?? "";
    order.sender.ended(order);
  };

  /** Times at which orders were sent, in ms. */
  get times(): number[] {
    return this.sent.map(({ started }) => started);
  }
}

/** A run in virtual time. */
export class FakeRun {
  /** Result of the run; undefined until it has ended. */
  result: LoadResult | undefined;
  /** Progress at each tick. */
  readonly ticks: LoadProgress[] = [];
  readonly run: LoadRun;

  constructor(
    script: Script,
    readonly environment: FakeEnvironment = new FakeEnvironment(),
    /** Agreed start, in ms from now. Default: at once. */
    start?: number,
  ) {
    this.run = new LoadRun(script, environment, {
      tick: (progress) => void this.ticks.push(progress),
      ended: (result) => this.result = result,
    });
    this.run.start(
      start === undefined ? undefined : environment.clock.now() + start,
    );
  }

  /** Advances time until the run has ended. */
  toEnd(): LoadResult {
    const { clock } = this.environment;
    while (this.result === undefined) {
      if (!clock.runNext()) throw new Error("Nothing more is due");
    }
    return this.result;
  }
}

/** Dials that record their values. */
export class FakeDials implements Dials {
  /** Values that were set, as [name, value, time]. */
  readonly turned: [name: string, value: unknown, at: number][] = [];
  /** Names of held dials. */
  readonly held = new Set<string>();

  constructor(
    readonly clock: VirtualClock = new VirtualClock(),
    readonly names: readonly string[] = ["scale", "delay"],
  ) {}

  list() {
    return this.names.map((dial) => ({ kind: "route", of: "orders", dial }));
  }

  typeOf({ kind, of, dial }: ReturnType<FakeDials["list"]>[number]) {
    return kind === "route" && of === "orders" && this.names.includes(dial)
      ? host.kit.number()
      : undefined;
  }

  configured() {
    return undefined;
  }

  summaryOf() {
    return undefined;
  }

  hold({ dial }: ReturnType<FakeDials["list"]>[number]) {
    if (this.held.has(dial)) throw new Error(`${dial} is held`);
    this.held.add(dial);
    return {
      turn: (value: unknown) =>
        void this.turned.push([dial, value, this.clock.now()]),
      release: () => void this.held.delete(dial),
    };
  }
}
