/**
 * The life of a request, in the order in which it happens:
 *
 *     arrive → admit → serve → degrade → hold → respond → release → observe
 *
 * One exchange is one state machine. It runs as far as it can. It waits in a queue until its waiter is settled, and in hold until
 * the clock wakes it. Beyond that only few exchanges wait: for an upstream's answer, for a client that an injected `hang` keeps, for
 * respond hooks that take time, and for the last byte of a body that goes on. No stage makes a promise, so that the same stages run
 * in simulation.
 *
 * @module
 */
import { catchLater, describeReturned } from "../lib/thrown.ts";
import type { Exchange, InFlight, Outcome, Rejection } from "../plugin.ts";
import {
  dueOf,
  Flow,
  type HookPart,
  isLease,
  isRejection,
  isTicket,
  LiveExchange,
  type Plan,
  type Stage,
} from "./exchange.ts";

/** Makes an empty flow, whose queued exchanges go on through this pipeline. */
export function createFlow(): Flow {
  return new Flow(onward, gone);
}

/**
 * Takes a new exchange as far as it goes. Afterwards its outcome is pending where it waits.
 *
 * @param at time of its arrival, in the clock's ms. Default now
 */
export function begin(x: LiveExchange, at: number = x.plan.clock.now()): void {
  arrive(x, at);
  admit(x);
}

/** Takes the sequence number, before anything else can happen. */
function arrive(x: LiveExchange, at: number): void {
  const plan = x.plan;
  x.arrival = x.start = at;
  x.sequence = x.turn = plan.sequence.take();
  x.status = plan.status;
  plan.turns?.take(x);
  plan.flow.enter(x);
  plan.recorder.arrived(x.arrival);
}

/** Each admit hook in turn gives a lease, rejects, or lets the exchange wait in its queue. */
function admit(x: LiveExchange): void {
  const hooks = x.plan.hooks.admit;
  try {
    while (x.stage < hooks.length) {
      x.admitting = true;
      const answer = hooks[x.stage](x, x);
      x.admitting = false;
      if (isLease(answer)) (x.leases ??= []).push(answer);
      else if (isRejection(answer)) return reject(x, answer);
      else if (!isTicket(answer)) throw noDecision(answer, "the hook");
      else if (x.settled === undefined) {
        x.ticket = answer;
        return;
      } else if (!accept(x)) return;
      x.stage++;
    }
  } catch (error) {
    return fail(x, error, "admit", x.stage);
  }
  serve(x);
}

/** Continues an exchange that waited in a queue. */
function onward(x: LiveExchange): void {
  try {
    if (!accept(x)) return;
  } catch (error) {
    return fail(x, error, "admit", x.stage, "Waiter.settle");
  }
  x.stage++;
  admit(x);
}

/** Takes the decision of the queue; false where it ended the exchange. */
function accept(x: LiveExchange): boolean {
  const answer = x.settled;
  if (answer === undefined) return false; // abandoned between settling and now; abandon() gave the lease back
  x.settled = undefined;
  if (isLease(answer)) {
    (x.leases ??= []).push(answer);
    x.start = startOf(x);
    return true;
  }
  if (!isRejection(answer)) throw noDecision(answer, "the waiter");
  x.start = startOf(x);
  reject(x, answer);
  return false;
}

/** Time at which service starts: the one that the queue gave, or the present. */
function startOf(x: LiveExchange): number {
  const start = Math.max(x.settledAt ?? x.plan.clock.now(), x.start);
  if (Number.isNaN(start)) {
    throw new RangeError("Cannot start service: the waiter's time is NaN");
  }
  return start;
}

function noDecision(answer: unknown, giver: string): TypeError {
  return new TypeError(
    `Cannot use the decision of ${giver}: it must be a lease, a rejection or a ticket, received ${
      describeReturned(answer)
    }`,
  );
}

function reject(x: LiveExchange, rejection: Rejection): void {
  const { status } = rejection;
  // Refuses NaN and texts too.
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new RangeError(
      `Cannot reject with this status: it must be a whole number from 200 to 599, received ${
        describeReturned(status)
      }`,
    );
  }
  x.rejection = rejection;
  x.action = rejection.action;
  x.status = status;
  x.due = x.start;
  respond(x, "rejected", x.plan.clock.now());
}

/** Draws the service time, once. */
function serve(x: LiveExchange): void {
  const { serve } = x.plan.hooks;
  x.phase = "service";
  if (serve !== undefined) {
    try {
      const time = serve(x);
      // The comparison is false for NaN and for negative times.
      if (!(time >= 0) || typeof time !== "number") throw noTime(time);
      x.service = time * x.plan.dials.scale;
    } catch (error) {
      return fail(x, error, "serve", 0);
    }
  }
  degrade(x);
}

/** Adds degradation and the dials of the route, and decides faults and overrides: all of it once, at the start of service. */
function degrade(x: LiveExchange): void {
  const plan = x.plan;
  const hooks = plan.hooks.degrade;
  let i = 0;
  try {
    for (; i < hooks.length; i++) {
      const time = hooks[i](x);
      // False for NaN and for a negative time.
      if (!(time >= 0) || typeof time !== "number") throw noTime(time);
      x.degradation += time;
    }
  } catch (error) {
    return fail(x, error, "degrade", i);
  }
  x.due = dueOf(x);
  try {
    if (plan.faults !== undefined) {
      x.injected = plan.faults.decide(x);
      x.action = x.injected?.action;
    }
    plan.override?.(x);
    plan.prepare?.(x);
  } catch (error) {
    return fail(x, error);
  }
  hold(x);
}

/** The error of a hook that returned something else than a time. */
function noTime(returned: unknown): RangeError {
  return new RangeError(
    `Cannot use the result: it must be a time in ms, received ${
      describeReturned(returned)
    }`,
  );
}

/** Waits for the deadline, the only timer of the pipeline. The deadline is absolute: time already spent is taken off the wait. */
function hold(x: LiveExchange): void {
  const clock = x.plan.clock;
  // 0 ms: no timer. Time that matching and hooks have taken is late all the same.
  if (x.due === x.arrival) return held(x, clock.now());
  if (x.start > x.arrival) {
    const now = clock.now();
    if (x.due <= now) return held(x, now);
  }
  try {
    x.timer = clock.at(x.due, wake, x);
  } catch (error) {
    // The clock refuses NaN, which a queue gave as the start of service.
    fail(x, error);
  }
}

function wake(x: LiveExchange): void {
  x.timer = 0;
  held(x, x.plan.clock.now());
}

/** The time is over; the source of the answer may still be awaited. */
function held(x: LiveExchange, now: number): void {
  if (!x.preparing) respond(x, "answered", now);
}

/** Time below which a delay is none, in ms: a difference of two times has rounding errors. */
const NO_DELAY = 1e-6;

/**
 * The source of the answer is there: the answer leaves when the time that was drawn has passed too, after the delay that is added to
 * both. Not to be called by `prepare` itself.
 */
export function prepared(x: LiveExchange): void {
  if (!x.preparing) return;
  x.preparing = false;
  if (x.outcome !== "pending") return;
  const { clock } = x.plan;
  const now = clock.now();
  const delay = x.due - x.start - x.service - x.degradation;
  const due = delay > NO_DELAY ? now + delay : now;
  if (x.timer !== 0) {
    if (due <= x.due) return;
    clock.cancel(x.timer);
    x.timer = 0;
  }
  x.due = due;
  if (due > now) x.timer = clock.at(due, wake, x);
  else respond(x, "answered", now);
}

/** The headers leave, or what a fault sends in their place. Unless a body goes on, that is the end. */
function respond(x: LiveExchange, outcome: Outcome, end: number): void {
  let answer = x.plan.answer;
  if (x.action !== undefined) {
    x.injected?.counter.add();
    // From here on it waits for abandon(): until its client leaves, or the server ends.
    if (x.action === "hang") return;
    if (x.action === "connection-reset") {
      if (outcome === "answered") outcome = "reset";
      x.status = 0;
      x.plan.identify?.(x);
      if (answer !== undefined) answer = resetConnection;
    } else {
      x.status = x.injected?.status ?? x.status;
      if (answer !== undefined) answer = x.injected?.answer ?? answer;
    }
  }
  x.outcome = outcome;
  x.end = end;
  x.phase = "body";
  answer?.(x);
  if (x.flowing || x.shaping !== undefined) return;
  release(x, outcome === "failed" ? end : x.due);
}

/**
 * The last byte is handed over, or the client is gone: leases go back in reverse order.
 *
 * @param at time since which the leases are free
 */
function release(x: LiveExchange, at: number): void {
  const { plan, leases } = x;
  plan.flow.leave(x);
  x.stop?.();
  if (leases !== undefined) {
    x.leases = undefined;
    for (let i = leases.length - 1; i >= 0; i--) {
      try {
        const returned: unknown = leases[i].release(x, at);
        if (returned !== undefined) {
          watch(returned, plan, "admit", i, "Lease.release");
        }
      } catch (error) {
        plan.report(error, plan, "admit", i, "Lease.release");
      }
    }
  }
  observe(x);
}

/** One finished exchange goes to the recorder, the journal and every observe hook. */
function observe(x: LiveExchange): void {
  const plan = x.plan;
  plan.recorder.observe(x);
  plan.journal?.record(x);
  const hooks = plan.hooks.observe;
  for (let i = 0; i < hooks.length; i++) {
    try {
      const returned: unknown = hooks[i](x);
      if (returned !== undefined) watch(returned, plan, "observe", i);
    } catch (error) {
      plan.report(error, plan, "observe", i);
    }
  }
}

/** Reports what a promise rejects with that nobody awaits: a plugin in plain JavaScript may return one anywhere. */
function watch(
  returned: unknown,
  plan: Plan,
  stage: Stage,
  index: number,
  part?: HookPart,
): void {
  catchLater(returned, (error) => plan.report(error, plan, stage, index, part));
}

/** A hook threw: the client receives 500, and the leases go back. */
function fail(
  x: LiveExchange,
  error: unknown,
  stage?: Stage,
  index?: number,
  part?: HookPart,
): void {
  x.plan.report(error, x.plan, stage, index, part);
  if (x.outcome !== "pending") return;
  // A hook that settled and then threw has given a lease all the same.
  const now = x.plan.clock.now();
  leaveQueue(x, "gone", now);
  x.admitting = false;
  x.action = undefined;
  x.error = error;
  x.status = 500;
  respond(x, "failed", now);
}

/** The last byte of a body that went on is handed over. */
export function handOver(x: LiveExchange): void {
  if (!x.flowing) return;
  x.flowing = false;
  if (x.shaping === undefined) release(x, x.plan.clock.now());
}

/** Respond hooks have made the answer that they were making. */
export function shaped(x: LiveExchange): void {
  if (x.shaping === undefined) return;
  x.shaping = undefined;
  if (!x.flowing) release(x, x.plan.clock.now());
}

/** A respond hook has failed: the exchange is answered with the failure, unless it was abandoned before. */
export function misshaped(x: LiveExchange, error: unknown): void {
  if (x.outcome === "gone" || x.outcome === "cut") return;
  x.outcome = "failed";
  x.error = error;
}

/** A body cannot go on, since its source has failed. */
export function breakOff(x: LiveExchange, error: unknown): void {
  if (!x.flowing) return;
  x.outcome = "failed";
  x.error = error;
  handOver(x);
}

/** Resets the connection in place of an answer. */
function resetConnection(x: LiveExchange): void {
  x.incoming?.reset();
}

/** A pause of the whole backend: the exchange is held longer by `by` ms, which count as degradation. */
function postpone(x: LiveExchange, by: number): void {
  if (x.timer === 0) return;
  x.plan.clock.cancel(x.timer);
  x.degradation += by;
  x.due += by;
  x.timer = x.plan.clock.at(x.due, wake, x);
}

/** A crash: resets the connection of an exchange that has not been answered, as its route must have announced. */
function crash(x: LiveExchange): void {
  if (x.outcome !== "pending") return;
  const { clock } = x.plan;
  x.preparing = false;
  if (x.timer !== 0) clock.cancel(x.timer);
  x.timer = 0;
  x.due = clock.now();
  leaveQueue(x, "cut", x.due);
  x.injected = undefined;
  x.action = "connection-reset";
  respond(x, "answered", x.due);
}

/** Ends an exchange early: its client is gone, or the server cuts it. */
export function abandon(x: LiveExchange, outcome: "gone" | "cut"): void {
  if (x.flowing || x.shaping !== undefined) {
    // The headers have left, or their time has come: x.end stays as it is.
    const giveUp = x.shaping;
    x.flowing = false;
    x.shaping = undefined;
    x.outcome = outcome;
    release(x, x.plan.clock.now());
    return giveUp?.();
  }
  if (x.outcome !== "pending") return;
  x.preparing = false;
  if (x.timer !== 0) x.plan.clock.cancel(x.timer);
  x.end = x.plan.clock.now();
  leaveQueue(x, outcome, x.end);
  x.outcome = outcome;
  // No headers were sent.
  x.status = 0;
  x.plan.identify?.(x);
  release(x, x.end);
}

function gone(x: LiveExchange): void {
  abandon(x, "gone");
}

/**
 * Leaves the queue, which ends the wait there; a lease that was given and not yet taken is kept for its release.
 *
 * @param at the present
 */
function leaveQueue(x: LiveExchange, why: "gone" | "cut", at: number): void {
  const { ticket, settled } = x;
  if (ticket !== undefined || settled !== undefined) {
    x.start = Math.max(x.start, at);
  }
  x.ticket = x.settled = undefined;
  if (ticket !== undefined) {
    const { plan, stage } = x;
    try {
      const returned: unknown = ticket.leave(why);
      if (returned !== undefined) {
        watch(returned, plan, "admit", stage, "Ticket.leave");
      }
    } catch (error) {
      plan.report(error, plan, "admit", stage, "Ticket.leave");
    }
  }
  if (settled === undefined) return;
  try {
    if (isLease(settled)) (x.leases ??= []).push(settled);
  } catch (error) {
    x.plan.report(error, x.plan, "admit", x.stage, "Waiter.settle");
  }
}

/**
 * Draws the service time that an exchange would get, in ms; nothing is sent or counted.
 *
 * @param key value of the header that the route samples by, if it does
 */
export function drawServiceTime(
  plan: Plan,
  sequence: number,
  key?: string,
): number {
  const x = new LiveExchange(plan, "GET", undefined);
  x.sequence = x.turn = sequence;
  x.header = () => key ?? null;
  return (plan.hooks.serve?.(x) ?? 0) * plan.dials.scale;
}

/** The exchanges in flight as plugins see and move them. */
export function inFlightOf(flow: Flow): InFlight {
  const matching = (concerns?: (exchange: Exchange) => boolean) => {
    const found: LiveExchange[] = [];
    flow.each((x) => {
      if (concerns === undefined || concerns(x)) found.push(x);
    });
    return found;
  };
  return {
    get size() {
      return flow.size;
    },
    postpone(by, concerns) {
      if (!(by > 0) || typeof by !== "number") return;
      for (const x of matching(concerns)) postpone(x, by);
    },
    reset(concerns) {
      let count = 0;
      for (const x of matching(concerns)) {
        // Ending one may have settled or ended others.
        if (x.outcome !== "pending" || !x.plan.resets) continue;
        crash(x);
        count++;
      }
      return count;
    },
  };
}
