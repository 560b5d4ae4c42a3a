/**
 * What travels: one request and its answer, with all that its stages leave behind.
 *
 * @module
 */
import type { FaultAction, Injected } from "./faults/mod.ts";
import type { Plan } from "./plan.ts";
import type {
  Exchange,
  Lease,
  Outcome,
  Rejection,
  Ticket,
  Waiter,
} from "../plugin.ts";

/** The other end of a connection, as the HTTP server knows it: asked for only where somebody wants to know. */
export interface Peer {
  /** Its address. */
  readonly remoteAddr: { readonly hostname?: string | undefined };
}

/**
 * One exchange. Data and state of the pipeline's machine in one object, so that an exchange costs one allocation. Plugins
 * see it as an {@linkcode Exchange}; only core/pipeline/pipeline.ts writes to it.
 */
export class LiveExchange implements Exchange, Waiter {
  sequence = 0;
  arrival = 0;
  start = 0;
  service = 0;
  degradation = 0;
  due = 0;
  end = NaN;
  status = 0;
  trace = "";
  outcome: Outcome = "pending";
  phase: "queue" | "service" | "body" = "queue";

  /** Which of the plan's admit hooks is next. */
  stage = 0;
  /** The leases held, in the order they were given. */
  leases: Lease[] | undefined = undefined;
  /** The place in a queue, while it waits there. */
  ticket: Ticket | undefined = undefined;
  /** What a queue decided, until the trampoline takes the exchange on. */
  settled: Lease | Rejection | undefined = undefined;
  /** When the queue says that service starts; undefined for the present. */
  settledAt: number | undefined = undefined;
  /** True while an admit hook runs: what settles now must not re-enter. */
  admitting = false;
  /** The clock's timer while the exchange is held, else 0. */
  timer = 0;
  /** Where it stands among the exchanges under way; -1 where it is not. */
  slot = -1;
  /** Why it was rejected. */
  rejection: Rejection | undefined = undefined;
  /** The fault that meets it. */
  injected: Injected | undefined = undefined;
  /** What that fault, or a rejection, does in place of the route's answer. */
  action: FaultAction | undefined = undefined;
  /** Which of the overrides that it asked for were refused, and why. */
  refused: string | undefined = undefined;
  /** What a hook threw. */
  fault: unknown = undefined;
  /** True while its headers have left and its body goes on: its leases are held until then. */
  flowing = false;
  /** True while what the answer is made of is still to come, such as an upstream's: the hold lasts until then. */
  preparing = false;
  /** Ends what still works for this exchange beside the pipeline, an upstream's request or a body, when the exchange ends. */
  stop: (() => void) | undefined = undefined;
  /** The answer, once the HTTP edge has built it. */
  response: Response | Promise<Response> | undefined = undefined;
  /** Hands the answer to the HTTP edge where it waits for one. */
  resolve:
    | ((response: Response | Promise<Response>) => void)
    | undefined = undefined;

  /**
   * @param plan of the route and method
   * @param method upper case
   * @param request undefined in simulation
   * @param peer the other end of its connection, where there is one
   */
  constructor(
    readonly plan: Plan,
    readonly method: string,
    readonly request: Request | undefined,
    readonly peer?: Peer,
  ) {}

  /** The exchange itself: a LiveExchange is its own {@linkcode Waiter}, which spares an object a request. */
  get exchange(): Exchange {
    return this;
  }

  get client(): string | undefined {
    return this.peer?.remoteAddr.hostname;
  }

  header(name: string): string | null {
    return this.request === undefined ? null : this.request.headers.get(name);
  }

  settle(outcome: Lease | Rejection, at?: number): void {
    if (this.admitting) {
      this.settled = outcome;
      this.settledAt = at;
      return;
    }
    if (this.ticket === undefined) {
      // Too late: the exchange has ended, or was settled before. A server must never be lost.
      if (isLease(outcome)) outcome.release(this, this.plan.clock.now());
      return;
    }
    this.ticket = undefined;
    this.settled = outcome;
    this.settledAt = at;
    this.plan.flow.resume(this);
  }
}

/** Tells a lease from a rejection or a ticket. */
export function isLease(
  answer: Lease | Rejection | Ticket,
): answer is Lease {
  return "release" in answer;
}

/** Tells a rejection from a lease or a ticket. */
export function isRejection(
  answer: Lease | Rejection | Ticket,
): answer is Rejection {
  return "reason" in answer;
}
