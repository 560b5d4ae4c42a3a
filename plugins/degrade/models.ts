/**
 * The degradation models as closures that run on the way of a request, prepared per route from its settings.
 *
 * @module
 */
import type {
  Exchange,
  Host,
  InFlight,
  Issue,
  Route,
  Stream,
} from "../../core/plugin.ts";
import type { Backend } from "./backend.ts";
import type { Failing } from "./exhaustion.ts";
import {
  erlangCFactor,
  failureShare,
  headroom,
  processorSharing,
  scalability,
  stepAt,
  tracing,
} from "./formulas.ts";
import {
  bindInput,
  type Input,
  type InputContext,
  isIssue,
  poolOrLoad,
} from "./input.ts";
import {
  type DegradeSettings,
  type GcPauseSettings,
  type InputSettings,
  type LeakSettings,
  type Step,
  UNAVAILABLE,
  type UslSettings,
} from "./settings.ts";

/** Time that a model adds to the service time of an exchange, in ms, at least 0. */
export type Degradation = (exchange: Exchange) => number;

/** The model of a route. */
export interface Model {
  /** Time that the model adds; absent if the route has only exhaustion. */
  readonly degrade?: Degradation;
  /** Level at a time on the clock; 1 is the limit of the backend. */
  readonly level: (at: number) => number;
  /** Failures before the limit is reached. */
  readonly failing?: Omit<Failing, "chance">;
  /** Description of the input. */
  readonly reads: string;
}

/** Brown-out state of a route; outlives revisions. */
export interface BrownOutState {
  /** Number of the present step, 0 for none. */
  step: number;
}

/** Context that the model of a route is prepared in. */
export interface ModelContext extends Omit<InputContext, "host" | "route"> {
  /** Host of the plugin. */
  readonly host: Pick<Host, "find" | "suggest" | "inFlight">;
  /** The route. */
  readonly route: Route;
  /** True if the backend has a name, and is not the whole server. */
  readonly separate: boolean;
  /** State of a brown-out. */
  readonly state: BrownOutState;
}

/** The inputs of one route, and the issues with them. */
export class Inputs {
  /** Inputs that were bound. */
  readonly bound: Input[] = [];
  /** Issues with the other inputs; paths relative to the route. */
  readonly issues: Issue[] = [];
  readonly #context: InputContext;

  /**
   * Makes an empty list.
   *
   * @param context context that the inputs are bound to
   */
  constructor(context: ModelContext) {
    this.#context = { ...context, route: context.route.id };
  }

  /** Adds the pool that the route takes or, if it takes none, the load of its backend. */
  poolOrLoad(): Input {
    const input = poolOrLoad(this.#context);
    this.bound.push(input);
    return input;
  }

  /**
   * Binds an input. If that fails, the issue is noted and an input that reads 0 is returned.
   *
   * @param path path of the setting, relative to the route
   */
  bind(written: InputSettings, path: string): Input {
    const input = bindInput(written, this.#context);
    if (!isIssue(input)) {
      this.bound.push(input);
      return input;
    }
    this.issues.push({ path, ...input });
    return { ...NOTHING, name: String(written) };
  }

  /** The count of an input. If it has none, the issue is noted and a count of 0 is returned. */
  count(
    { count }: Input,
    written: InputSettings,
    path: string,
  ): (at: number) => number {
    if (count !== undefined) return count;
    this.issues.push({
      path,
      message: `Cannot count requests by ${
        JSON.stringify(written)
      }: it is a share`,
      value: written,
      allowed: '"in-flight", "pool:" and a pool\'s name, a number or a signal',
      suggestion: "in-flight",
    });
    return zero;
  }
}

const zero = () => 0;

/** An input that always reads 0. */
const NOTHING: Input = {
  name: "nothing",
  share: zero,
  count: zero,
  servers: zero,
  readsLoad: false,
};

const PATH = "/degrade/input";

/** Prepares the model of a route; issues with its inputs are noted in `inputs`. */
export function prepareModel(
  settings: DegradeSettings,
  inputs: Inputs,
  context: ModelContext,
): Model {
  const { backend, route } = context;
  const read = (defaultInput: InputSettings) =>
    inputs.bind(settings.input ?? defaultInput, PATH);
  switch (settings.model) {
    case "processor-sharing": {
      const input = read("in-flight");
      return {
        ...readingOf(input),
        degrade: ({ service, start }) =>
          processorSharing(service, input.share(start)),
      };
    }
    case "erlang-c": {
      const input = settings.input === undefined
        ? inputs.poolOrLoad()
        : inputs.bind(settings.input, PATH);
      return { ...readingOf(input), degrade: erlangC(input) };
    }
    case "usl": {
      const input = read("in-flight");
      const count = inputs.count(input, settings.input ?? input.name, PATH);
      return { ...readingOf(input), degrade: usl(settings, count) };
    }
    case "gc-pause": {
      const input = settings.input === undefined
        ? NOTHING
        : inputs.bind(settings.input, PATH);
      return {
        ...readingOf(input),
        reads: "bytes allocated",
        degrade: gcPause(settings, {
          backend,
          separate: context.separate,
          inFlight: context.host.inFlight,
          stream: route.stream("degrade pause"),
          occupied: input.share,
        }),
      };
    }
    case "leak": {
      const { failures, limit } = settings;
      const level = settings.input === undefined
        ? () => backend.leakedBytes / limit
        : inputs.bind(settings.input, PATH).share;
      return {
        level,
        reads: "bytes held",
        degrade: leak(settings, backend, level),
        failing: {
          share: (at) => failureShare(level(at), failures),
          status: failures.status,
        },
      };
    }
    case "brown-out": {
      const input = read("stress");
      const step = currentStep(settings.steps, context.state, input.share);
      return {
        ...readingOf(input),
        degrade: brownOut(step),
        ...(settings.steps.some(({ failures }) => failures > 0) && {
          failing: {
            share: (at) => step(at)?.failures ?? 0,
            status: UNAVAILABLE,
          },
        }),
      };
    }
    default:
      return readingOf(read("stress"));
  }
}

/**
 * Time that a service that starts now waits for the end of the present garbage collection.
 *
 * @param at start of service, on the clock
 * @returns ms
 */
export function remainingPause(backend: Backend, at: number): number {
  return Math.max(0, backend.pausedUntil - at);
}

function readingOf({ arriving, share, name }: Input): Model {
  return { level: arriving ?? share, reads: name };
}

/** The factor is computed again only if the utilisation or the number of cores has changed. */
function erlangC({ share, servers, waits, queued }: Input): Degradation {
  let rho = 0;
  let cores = 1;
  let factor = 0;
  return ({ service, start }) => {
    if (queued?.()) return 0;
    const utilisation = share(start);
    const present = servers();
    if (utilisation !== rho || present !== cores) {
      rho = utilisation;
      cores = present;
      factor = erlangCFactor(rho, cores);
    }
    const wait = service * factor;
    waits?.()?.add(start, wait);
    return wait;
  };
}

function usl(
  settings: UslSettings,
  count: (at: number) => number,
): Degradation {
  return ({ service, start }) => scalability(service, count(start), settings);
}

/** Context of the garbage collections of a route. */
interface GcContext {
  /** Process whose heap is collected. */
  readonly backend: Backend;
  /** True if a collection stops only the requests of this backend. */
  readonly separate: boolean;
  /** Exchanges that a collection stops. */
  readonly inFlight: InFlight;
  /** Random stream of pauses; indexed by the sequence number of the exchange that fills the heap. */
  readonly stream: Stream;
  /** Share of the heap that live data occupies, at a time on the clock. */
  readonly occupied: (at: number) => number;
}

/**
 * Adds the pause to the exchange that fills the heap, and postpones all others. Exchanges that start during the pause wait for its
 * end on every route of the backend, by {@linkcode remainingPause}.
 */
function gcPause(
  { perRequest, heap, pause }: GcPauseSettings,
  { backend, separate, inFlight, stream, occupied }: GcContext,
): Degradation {
  return (exchange) => {
    const { start, sequence } = exchange;
    backend.heapBytes += perRequest;
    // An exchange that starts during a pause runs after it, and can start the next collection only then.
    if (start < backend.pausedUntil) return 0;
    if (backend.heapBytes < headroom(heap, occupied(start))) return 0;
    backend.heapBytes = 0;
    backend.collections++;
    const duration = pause.draw(stream, sequence);
    if (duration > 0) {
      backend.pausedMs += duration;
      backend.pausedUntil = start + duration;
      const others = (other: Exchange) =>
        other !== exchange && (!separate || backend.serves(other));
      inFlight.postpone(duration, others);
    }
    return duration;
  };
}

function leak(
  { overhead, perRequest }: LeakSettings,
  backend: Backend,
  level: (at: number) => number,
): Degradation {
  return ({ service, start }) => {
    const extra = tracing(service, level(start), overhead);
    backend.leakedBytes += perRequest;
    return extra;
  };
}

/** Moves to the step that the level leads to, and returns it; undefined for none. */
function currentStep(
  steps: readonly Step[],
  state: BrownOutState,
  level: (at: number) => number,
): (at: number) => Step | undefined {
  return (at) => {
    state.step = stepAt(steps, state.step, level(at));
    return steps[state.step - 1];
  };
}

function brownOut(
  stepAtTime: (at: number) => Step | undefined,
): Degradation {
  return ({ service, start }) => {
    const step = stepAtTime(start);
    return step === undefined ? 0 : step.delay + service * (step.factor - 1);
  };
}
