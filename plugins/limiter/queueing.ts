/**
 * Formulas of queues, as pure functions: the loss and the waits of M/M/c/K, which is Erlang's loss system without a queue and
 * Erlang's delay system without a limit to it.
 *
 * Source: D. Gross, J. F. Shortle, J. M. Thompson, C. M. Harris, "Fundamentals of Queueing Theory" (4th ed.), sections 2.3 to 2.5.
 *
 * @module
 */

/** Number of queued requests up to which a queue is summed up; a longer one is as good as without a limit. */
const LONGEST_QUEUE = 1_000_000;

/** Loss and mean wait of a queue in its stationary state. */
export interface QueueFigures {
  /** Share of requests that find no place and no room in the queue, 0…1. */
  readonly loss: number;
  /** Mean wait of the requests that are admitted, in mean service times; Infinity where the queue grows without bound. */
  readonly wait: number;
}

/**
 * Probability that all servers are busy in a system without a queue: Erlang's formula B, by its recursion, which does not overflow.
 *
 * @param servers c, at least 1
 * @param offered λ·E[S], at least 0
 */
export function erlangB(servers: number, offered: number): number {
  let blocked = 1;
  for (let k = 1; k <= servers; k++) {
    blocked = offered * blocked / (k + offered * blocked);
  }
  return blocked;
}

/**
 * Loss and wait of M/M/c/K with K = c + queue, in the order of arrival.
 *
 * @param servers c, at least 1
 * @param queue maximum number of queued requests, from 0; Infinity for no limit
 * @param offered λ·E[S], at least 0
 */
export function queueFigures(
  { servers, queue, offered }: {
    readonly servers: number;
    readonly queue: number;
    readonly offered: number;
  },
): QueueFigures {
  if (offered === 0) return { loss: 0, wait: 0 };
  const rho = offered / servers;
  const unbounded = queue > LONGEST_QUEUE;
  if (unbounded && rho >= 1) return { loss: 0, wait: Infinity };
  const blocked = erlangB(servers, offered);
  if (unbounded) {
    // Erlang's formula C.
    const waiting = blocked / (1 - rho * (1 - blocked));
    return { loss: 0, wait: waiting / (servers * (1 - rho)) };
  }
  const { first, last, sum, queued } = chain(rho, queue);
  // All states with a free server: 1/B of that with c requests, less that one itself.
  const all = sum + first * (1 / blocked - 1);
  const loss = last / all;
  // Little's law.
  return { loss, wait: queued / all / (offered * (1 - loss)) };
}

/**
 * Probabilities of the states with j = 0 … queue requests in the queue, which go as ρ^j, relative to the likelier of the two ends, so
 * that no power overflows: of the first and of the last state, their sum, and the sum of j times each.
 */
function chain(rho: number, queue: number) {
  let term = 1;
  let sum = 0;
  let queued = 0;
  const down = rho > 1;
  for (let step = 0; step <= queue; step++) {
    if (step > 0) term *= down ? 1 / rho : rho;
    sum += term;
    queued += (down ? queue - step : step) * term;
  }
  return down
    ? { first: term, last: 1, sum, queued }
    : { first: 1, last: term, sum, queued };
}
