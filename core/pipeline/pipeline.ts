/**
 * The life of a request, in the order in which it happens:
 *
 *     arrive → admit → serve → degrade → hold → respond → release → observe
 *
 * One exchange is one state machine. It runs as far as it can and stops in two places only: in a queue (until its waiter is
 * settled) and in hold (until the clock wakes it). Nothing here makes a promise, so that the same stages run in simulation.
 *
 * @module
 */
import { isLease, isRejection, type LiveExchange } from "./exchange.ts";
import { resetConnection } from "./faults/mod.ts";
import { Flow } from "./flow.ts";
import type { Outcome, Rejection } from "../plugin.ts";

/** A new, empty flow, whose queued exchanges go on through this pipeline. */
export function createFlow(): Flow {
  return new Flow(onward);
}

/** Takes a new exchange as far as it goes; afterwards its outcome is pending where it waits. */
export function begin(x: LiveExchange): void {
  arrive(x);
  admit(x);
}

/** Sequence number and time stamp, before anything else can happen. */
function arrive(x: LiveExchange): void {
  const plan = x.plan;
  x.arrival = x.start = plan.clock.now();
  x.sequence = plan.sequence.next++;
  x.status = plan.status;
  plan.flow.enter(x);
  plan.recorder.arrived(x.arrival);
}

/** Each limiter in turn gives a lease, refuses, or lets the exchange wait in its queue. */
function admit(x: LiveExchange): void {
  const hooks = x.plan.hooks.admit;
  try {
    while (x.stage < hooks.length) {
      x.admitting = true;
      const answer = hooks[x.stage](x, x);
      x.admitting = false;
      if (isLease(answer)) (x.leases ??= []).push(answer);
      else if (isRejection(answer)) return reject(x, answer);
      else if (x.settled === undefined) {
        x.ticket = answer;
        return;
      } else if (!accept(x)) return;
      x.stage++;
    }
    serve(x);
  } catch (error) {
    fail(x, error);
  }
}

/** Where an exchange goes on that waited in a queue. */
function onward(x: LiveExchange): void {
  try {
    if (!accept(x)) return;
  } catch (error) {
    return fail(x, error);
  }
  x.stage++;
  admit(x);
}

/** Takes what the queue decided; false where that ended the exchange. */
function accept(x: LiveExchange): boolean {
  const answer = x.settled;
  if (answer === undefined) return false; // abandoned between settling and now; abandon() gave the lease back
  x.settled = undefined;
  x.start = Math.max(x.settledAt ?? x.plan.clock.now(), x.start);
  if (isLease(answer)) {
    (x.leases ??= []).push(answer);
    return true;
  }
  reject(x, answer);
  return false;
}

/** The service time is drawn, what degradation adds to it, and which fault meets it, once, at the start of service. */
function serve(x: LiveExchange): void {
  const { serve, degrade } = x.plan.hooks;
  x.phase = "service";
  if (serve !== undefined) x.service = serve(x);
  for (let i = 0; i < degrade.length; i++) x.degradation += degrade[i](x);
  x.due = x.start + x.service + x.degradation + x.plan.overlay.delay;
  if (x.plan.faults !== undefined) {
    x.injected = x.plan.faults.decide(x);
    x.action = x.injected?.action;
  }
  x.plan.override?.(x);
  x.plan.prepare?.(x);
  hold(x);
}

/** Nothing sleeps but this. The deadline is absolute: what came before is taken off the wait, not added to it. */
function hold(x: LiveExchange): void {
  const clock = x.plan.clock;
  if (x.due === x.arrival) return held(x, x.arrival); // 0 ms: no timer, no second look at the clock
  if (x.start > x.arrival) {
    const now = clock.now();
    if (x.due <= now) return held(x, now);
  }
  x.timer = clock.at(x.due, wake, x);
}

function wake(x: LiveExchange): void {
  x.timer = 0;
  held(x, x.plan.clock.now());
}

/** Its time has come; what its answer is made of may be still to come. */
function held(x: LiveExchange, now: number): void {
  if (!x.preparing) finish(x, "answered", now);
}

/** What the answer is made of is there: it leaves now or at its time, whichever is later. Never called by `prepare` itself. */
export function prepared(x: LiveExchange): void {
  if (!x.preparing) return;
  x.preparing = false;
  if (x.timer !== 0 || x.outcome !== "pending") return;
  x.due = x.plan.clock.now();
  finish(x, "answered", x.due);
}

function reject(x: LiveExchange, rejection: Rejection): void {
  x.rejection = rejection;
  x.action = rejection.action;
  x.status = rejection.status;
  x.due = x.start;
  finish(x, "rejected", x.plan.clock.now());
}

/** A hook threw: the client learns that it was us, and what the exchange held is given back. */
function fail(x: LiveExchange, error: unknown): void {
  if (x.outcome !== "pending") return x.plan.report(error, x.plan.route);
  x.admitting = false;
  x.action = undefined;
  x.fault = error;
  x.status = 500;
  x.plan.report(error, x.plan.route);
  finish(x, "failed", x.plan.clock.now());
}

/** Headers leave; unless a body goes on flowing, that is the end. */
function finish(x: LiveExchange, outcome: Outcome, end: number): void {
  let answer = x.plan.answer;
  if (x.action !== undefined) {
    x.injected?.counter.add();
    // From here on it waits for abandon(): when its client leaves, or the server ends.
    if (x.action === "hang") return;
    if (x.action === "connection-reset") {
      if (outcome === "answered") outcome = "reset";
      x.status = 0;
      if (answer !== undefined) answer = resetConnection;
    } else {
      x.status = x.injected?.status ?? x.status;
      if (answer !== undefined) answer = x.injected?.answer ?? answer;
    }
  }
  x.outcome = outcome;
  x.end = end;
  x.phase = "body";
  answer?.(x); // respond
  if (!x.flowing) complete(x, outcome === "failed" ? end : x.due);
}

/** The last byte of a flowing body is handed over. */
export function handOver(x: LiveExchange): void {
  if (!x.flowing) return;
  x.flowing = false;
  complete(x, x.plan.clock.now());
}

/** A flowing body cannot go on, since what it comes from has failed. */
export function breakOff(x: LiveExchange, error: unknown): void {
  if (!x.flowing) return;
  x.outcome = "failed";
  x.fault = error;
  handOver(x);
}

/**
 * The last byte is handed over, or the client is gone: leases go back in reverse order, and all who observe are told.
 *
 * @param at since when what it held is free
 */
function complete(x: LiveExchange, at: number): void {
  const plan = x.plan;
  const leases = x.leases;
  plan.flow.leave(x);
  x.stop?.();
  if (leases !== undefined) {
    x.leases = undefined;
    for (let i = leases.length - 1; i >= 0; i--) {
      try {
        leases[i].release(x, at);
      } catch (error) {
        plan.report(error, plan.route);
      }
    }
  }
  plan.recorder.observe(x);
  plan.journal?.record(x);
  const observe = plan.hooks.observe;
  for (let i = 0; i < observe.length; i++) {
    try {
      observe[i](x);
    } catch (error) {
      plan.report(error, plan.route);
    }
  }
}

/** A pause of the whole backend: what is held is held so much longer, in milliseconds, which counts as degradation. */
export function postpone(x: LiveExchange, by: number): void {
  if (x.timer === 0) return;
  x.plan.clock.cancel(x.timer);
  x.degradation += by;
  x.due += by;
  x.timer = x.plan.clock.at(x.due, wake, x);
}

/** A crash: the connection of an exchange that has not been answered is reset, as its route must have announced. */
export function crash(x: LiveExchange): void {
  if (x.outcome !== "pending") return;
  const { clock } = x.plan;
  x.preparing = false;
  if (x.timer !== 0) clock.cancel(x.timer);
  x.timer = 0;
  leaveQueue(x, "cut");
  x.injected = undefined;
  x.action = "connection-reset";
  x.due = clock.now();
  finish(x, "answered", x.due);
}

/** Ends an exchange before its time: its client is gone, or the server cuts what is left. */
export function abandon(x: LiveExchange, outcome: "gone" | "cut"): void {
  if (x.flowing) {
    // Its headers have left: x.end stays what it is.
    x.outcome = outcome;
    return handOver(x);
  }
  if (x.outcome !== "pending") return;
  x.preparing = false;
  if (x.timer !== 0) x.plan.clock.cancel(x.timer);
  leaveQueue(x, outcome);
  x.outcome = outcome;
  x.end = x.plan.clock.now();
  complete(x, x.end);
}

/** Whether it waits, or was settled and has not gone on yet: no place and no server is lost. */
function leaveQueue(x: LiveExchange, why: "gone" | "cut"): void {
  const { ticket, settled } = x;
  x.ticket = x.settled = undefined;
  ticket?.leave(why);
  if (settled !== undefined && isLease(settled)) {
    (x.leases ??= []).push(settled);
  }
}
