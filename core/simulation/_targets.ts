import type { Plan } from "../pipeline/plan.ts";
import type { Stream } from "../plugin.ts";
import type { BuiltRoute } from "../world/built_route.ts";
import { simulated } from "./_simulated_exchange.ts";
import type { Source, Target } from "./traffic.ts";

/** A route that requests of one method go to. */
export interface BoundTarget {
  readonly plan: Plan;
  readonly method: string;
}

/** The targets of a source, and the ways to choose one. */
export class Targets {
  readonly #bound: readonly BoundTarget[];
  readonly #inOrder: boolean;
  /** The shares of all targets up to each; the last is 1, whatever the sum of rounded shares. */
  readonly #cumulative: readonly number[];

  constructor(
    bound: readonly BoundTarget[],
    weights: readonly number[],
    inOrder: boolean,
  ) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let below = 0;
    this.#bound = bound;
    this.#inOrder = inOrder;
    this.#cumulative = weights.map((weight, index) =>
      index === weights.length - 1 ? 1 : (below += weight) / total
    );
  }

  /** The target of the how-manieth request, from 0. */
  at(index: number, chance: Stream): BoundTarget {
    const bound = this.#bound;
    if (bound.length === 1) return bound[0];
    if (this.#inOrder) return bound[index % bound.length];
    const u = chance.uniform(index);
    let i = 0;
    while (u >= this.#cumulative[i]) i++;
    return bound[i];
  }
}

/** Finds the plans of targets; those of the same route and method share one. */
export class TargetBinder {
  readonly #routes: readonly BuiltRoute[];
  readonly #plans = new Map<Plan, Plan>();

  /** @param routes of the server; all targets must have been checked against them */
  constructor(routes: readonly BuiltRoute[]) {
    this.#routes = routes;
  }

  bind({ targets, pick }: Source): Targets {
    return new Targets(
      targets.map((target) => this.#bindOne(target)),
      targets.map(({ weight = 1 }) => weight),
      pick === "in-order",
    );
  }

  #bindOne(target: Target): BoundTarget {
    const [route] = this.#routes.filter(({ parts }) =>
      parts.route.id === target.route
    );
    const { method = route.methods[0] === "*" ? "GET" : route.methods[0] } =
      target;
    const served = route.plan(method);
    let plan = this.#plans.get(served);
    if (plan === undefined) {
      this.#plans.set(served, plan = simulated(served));
    }
    return { plan, method };
  }
}
