import { LiveExchange } from "../pipeline/exchange.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Exchange } from "../plugin.ts";
import type { Run } from "./_run.ts";

/** Who sent an exchange. */
export interface Origin {
  /** The run it belongs to. */
  readonly run: Run;
  /** The exchange has ended. Sends nothing but by a timer: the pipeline is still on the stack. */
  ended(exchange: LiveExchange): void;
}

/** An exchange that was sent by a source of a simulation. */
export class SimulatedExchange extends LiveExchange {
  constructor(plan: Plan, method: string, readonly origin: Origin) {
    super(plan, method, undefined);
  }
}

/** A route's plan as a simulation runs it; who sent an exchange learns of its end, last of all. */
export function simulated(plan: Plan): Plan {
  return simulatedPlan(plan, tellOrigin);
}

/** The same for any who want to be told: no answer is built, a body flows for its time, nobody looks exchanges up. */
export function simulatedPlan(
  plan: Plan,
  told: (exchange: Exchange) => void,
): Plan {
  const { hooks } = plan;
  return {
    ...plan,
    prepare: undefined,
    answer: plan.simulate,
    journal: undefined,
    override: undefined,
    hooks: { ...hooks, observe: [...hooks.observe, told] },
  };
}

/** The pipeline takes what a hook throws for the plugin's; this is the caller's. */
function tellOrigin(x: Exchange): void {
  const { origin } = x as SimulatedExchange;
  try {
    origin.ended(x as SimulatedExchange);
  } catch (error) {
    origin.run.fail(error);
  }
}
