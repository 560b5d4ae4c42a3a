/**
 * The rehearsal of a script, before its run. V8 compiles a function when it is first called, and makes it fast once it has been called
 * some thousand times, on threads that take processor time from the one that sends. Without a rehearsal this happens to the first
 * requests of a run, and makes them late. A rehearsal runs the script's scenarios against a target that reaches nobody, with figures
 * of its own. All random choices are functions of a position, so that it changes none of the run's.
 *
 * @module
 */
import { constant, type LoadProgress } from "../../../core/load.ts";
import {
  type Clock,
  type Distribution,
  type Stream,
  WHOLE,
} from "../../../core/plugin.ts";
import type { TickTimes } from "../figures/time_series.ts";
import type { PracticeTarget } from "../http/mod.ts";
import type { Script, Traffic } from "../script/script.ts";
import { isTraffic, LoadRun } from "./load_run.ts";

/** One turn of a rehearsal. */
interface Turn {
  /** Length in ms. */
  readonly length: number;
  /** Arrivals per second of all scenarios together. */
  readonly rate: number;
}

/**
 * V8 makes code for the objects that it has seen, and drops it when others come. The short turns show it that each run has objects of
 * its own; so the code that it makes in the long turn, which is as busy as the thread can be, serves the run as well.
 */
const TURNS: readonly Turn[] = [
  { length: 25, rate: 10_000 },
  { length: 25, rate: 10_000 },
  { length: 350, rate: 60_000 },
];

/** Pause after a turn, in ms: the loop goes to sleep, as it does between the opening of connections and the start of a run. */
const PAUSE = 10;

/** Interval of progress reports, in ms. */
const INTERVAL = 50;

/** Number of active requests of all scenarios together, and of users of each. */
const IN_FLIGHT = 64;
const USERS = 4;

/** Longest think time, in ms: users think, and yet send often. */
const THINK = 0.05;

/** Surroundings of a rehearsal. */
export interface RehearsalTools {
  readonly clock: Clock;
  /** Starts the target of one turn; undefined if there can be none. */
  target(): PracticeTarget | undefined;
  /** Takes progress reports, so that reporting is rehearsed too. */
  tick(progress: LoadProgress, times: () => Record<string, TickTimes>): void;
  /** Returns whether the run will not take place. */
  isOver(): boolean;
}

/** Rehearses a script, for less than 0.5 s. Scenarios that send nothing have no part in it. */
export async function rehearse(
  script: Script,
  tools: RehearsalTools,
): Promise<void> {
  const traffic = script.scenarios.filter(isTraffic);
  if (traffic.length === 0) return;
  for (const turn of TURNS) {
    if (tools.isOver()) return;
    const scenarios = traffic.map((scenario) =>
      rehearsed(scenario, turn, traffic.length)
    );
    await take({ ...script, segment: WHOLE, thresholds: [], scenarios }, tools);
  }
}

/** Takes one turn. */
async function take(
  script: Script,
  { clock, target, tick }: RehearsalTools,
): Promise<void> {
  using practice = target();
  if (practice === undefined) return;
  const { environment } = practice;
  await new Promise((ended) => {
    new LoadRun(script, environment, {
      interval: INTERVAL,
      tick,
      ended,
    }).start();
  });
  await new Promise<void>((resolve) =>
    void clock.at(clock.now() + PAUSE, resolve, undefined)
  );
}

/**
 * Returns what a scenario does in a turn: the same requests, chosen in the same way, at once and close together.
 *
 * @param count number of scenarios
 */
function rehearsed(
  scenario: Traffic,
  { length, rate }: Turn,
  count: number,
): Traffic {
  const times = { start: 0, gracefulStop: 0 };
  const maxInFlight = Math.ceil(IN_FLIGHT / count);
  switch (scenario.executor) {
    case "arrival-rate":
      return {
        ...scenario,
        ...times,
        duration: length,
        rate: constant(rate / count),
        maxInFlight,
      };
    case "virtual-users":
      return {
        ...scenario,
        ...times,
        duration: length,
        users: constant(USERS),
        think: short(scenario.think),
        iterations: Infinity,
      };
    case "shared-iterations":
      return {
        ...scenario,
        ...times,
        duration: length,
        users: USERS,
        think: short(scenario.think),
        iterations: Infinity,
      };
    case "replay": {
      const { choices } = scenario;
      const gap = 1000 * count / rate;
      const arrivals = Math.ceil(length / gap);
      return {
        ...scenario,
        ...times,
        times: Float64Array.from({ length: arrivals }, (_, i) => i * gap),
        choices: choices &&
          Uint32Array.from(
            { length: arrivals },
            (_, i) => choices[i % choices.length],
          ),
        maxInFlight,
      };
    }
  }
}

/** Returns a distribution with the same draws, up to {@linkcode THINK}. */
function short(think: Distribution | undefined): Distribution | undefined {
  const draw = (stream: Stream, sequence: number) =>
    Math.min(THINK, think?.draw(stream, sequence) ?? 0);
  return think && Object.create(think, { draw: { value: draw } });
}
