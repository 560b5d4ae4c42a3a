import type { Plan } from "../pipeline/plan.ts";
import type { Exchange } from "../plugin.ts";

/** The plan of a route in virtual time: no answer is built, a body flows for its time, and `told` sees the end, last of all. */
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
