/**
 * From the settings of a model to the closures that run it.
 *
 * @module
 */
import type { Host, Issue, Route } from "../../../core/plugin.ts";
import type { Backend, Failing, InputSettings } from "../edge/mod.ts";
import { brownOut, type BrownOutState } from "./brown_out.ts";
import { waitForCore } from "./erlang_c.ts";
import { collect } from "./gc_pause.ts";
import {
  bindInput,
  type Input,
  type InputContext,
  isFault,
  poolOrLoad,
} from "./input.ts";
import { failureShare, leak } from "./leak.ts";
import type { Degradation, Reading } from "./parts.ts";
import { shareProcessor } from "./processor_sharing.ts";
import type { DegradeSettings } from "./settings.ts";
import { scale } from "./usl.ts";

/** A model on a route. */
export interface Model {
  /** What it adds; undefined where there is only an edge. */
  readonly degrade?: Degradation;
  /** How near the edge it is, at a time on the clock. */
  readonly level: (at: number) => number;
  /** Who fails before the edge. */
  readonly failing?: Omit<Failing, "chance">;
  /** What it reads, in words. */
  readonly reads: string;
}

/** What a route's models are made of. */
export interface ModelContext extends Omit<InputContext, "host" | "route"> {
  /** What core offers. */
  readonly host: Pick<Host, "find" | "suggest" | "inFlight">;
  /** The route. */
  readonly route: Route;
  /** Whether the backend is not the whole server. */
  readonly apart: boolean;
  /** Remembers the steps of a brown-out. */
  readonly state: BrownOutState;
}

/** The inputs of one route, with what was wrong with them. */
export class Inputs {
  /** Those that could be bound. */
  readonly bound: Input[] = [];
  /** Those that could not, paths relative to the route. */
  readonly faults: Issue[] = [];
  readonly #context: InputContext;

  /** None yet; `context` is what they are bound to. */
  constructor(context: ModelContext) {
    this.#context = { ...context, route: context.route.id };
  }

  /** The pool that the route takes, or what stands for it. */
  poolOrLoad(): Input {
    const made = poolOrLoad(this.#context);
    this.bound.push(made);
    return made;
  }

  /**
   * Binds one; where it names nothing, that is noted and one that reads 0 comes back.
   *
   * @param path of the setting, relative to the route
   */
  bind(input: InputSettings, path: string): Input {
    const made = bindInput(input, this.#context);
    if (!isFault(made)) {
      this.bound.push(made);
      return made;
    }
    this.faults.push({ path, ...made });
    return { ...NOTHING, name: String(input) };
  }

  /** The count of an input; where it counts nothing, that is noted. */
  count(
    { count }: Reading,
    input: InputSettings,
    path: string,
  ): (at: number) => number {
    if (count !== undefined) return count;
    this.faults.push({
      path,
      message: `Cannot count requests by ${
        JSON.stringify(input)
      }: it is a share`,
      value: input,
      allowed: '"in-flight", "pool:" and a pool\'s name, a number or a signal',
      suggestion: "in-flight",
    });
    return zero;
  }
}

const zero = () => 0;

/** Reads nothing: for a level that has no input. */
const NOTHING: Input = {
  name: "nothing",
  share: zero,
  count: zero,
  servers: zero,
  loaded: false,
};

const PATH = "/degrade/input";

/** What brown-outs answer those who fail. */
const UNAVAILABLE = 503;

/** Prepares a model; what is wrong with its input is noted with the inputs. */
export function prepareModel(
  settings: DegradeSettings,
  inputs: Inputs,
  context: ModelContext,
): Model {
  const { backend, route } = context;
  const read = (usual: InputSettings) =>
    inputs.bind(settings.input ?? usual, PATH);
  switch (settings.model) {
    case "processor-sharing": {
      const input = read("in-flight");
      return { ...plain(input), degrade: shareProcessor(input) };
    }
    case "erlang-c": {
      const input = settings.input === undefined
        ? inputs.poolOrLoad()
        : inputs.bind(settings.input, PATH);
      return { ...plain(input), degrade: waitForCore(input) };
    }
    case "usl": {
      const input = read("in-flight");
      const count = inputs.count(input, settings.input ?? input.name, PATH);
      return { ...plain(input), degrade: scale(settings, count) };
    }
    case "gc-pause": {
      const input = settings.input === undefined
        ? NOTHING
        : inputs.bind(settings.input, PATH);
      return {
        ...plain(input),
        reads: "bytes allocated",
        degrade: collect(settings, {
          backend,
          apart: context.apart,
          inFlight: context.host.inFlight,
          stream: route.stream("degrade pause"),
          occupied: input.share,
        }),
      };
    }
    case "leak": {
      const level = settings.input === undefined
        ? held(backend, settings.limit)
        : inputs.bind(settings.input, PATH).share;
      const { failures } = settings;
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
      const model = brownOut(settings.steps, context.state, input.share);
      return {
        ...plain(input),
        degrade: model.degrade,
        ...(settings.steps.some(({ failures }) => failures > 0) && {
          failing: { share: model.failing, status: UNAVAILABLE },
        }),
      };
    }
    default:
      return plain(read("stress"));
  }
}

function plain({ arriving, share, name }: Input): Model {
  return { level: arriving ?? share, reads: name };
}

function held(backend: Backend, limit: number): () => number {
  return () => backend.leakedBytes / limit;
}
