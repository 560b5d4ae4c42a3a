/** The place where replicas meet, in memory: the reference that the scripts of Redis are compared with. */
import type {
  Beat,
  ClusterMessage,
  ClusterStore,
  ClusterTimes,
  Conflict,
  Joined,
  Outcome,
  Proposal,
  Proposed,
  Refusal,
  ReplicaEntry,
  SharedState,
} from "../../core/cluster/store.ts";
import { PerfmockError } from "../../core/errors.ts";

/** A ballot that is under way. */
interface Ballot {
  readonly proposal: Proposal;
  /** Name and process of the replicas that are asked. */
  readonly electors: readonly (readonly [name: string, process: string])[];
  readonly votes: Set<string>;
  readonly start: number;
}

/** Meets the other replicas in memory. One store serves all of them. */
export class MemoryCluster implements ClusterStore {
  readonly #times: ClusterTimes;
  readonly #now: () => number;
  readonly #listeners = new Set<(message: ClusterMessage) => void>();
  readonly #replicas = new Map<string, { entry: ReplicaEntry; seen: number }>();
  readonly #outcomes = new Map<string, Outcome>();
  /** Name and process of the replicas that have left or died since the last reset. */
  readonly #gone = new Map<string, string>();
  #state: SharedState | undefined;
  #ballot: Ballot | undefined;
  /** True while nobody gets an answer. */
  lost = false;

  /** @param now clock of the store, in ms */
  constructor(times: ClusterTimes, now: () => number = () => Date.now()) {
    this.#times = times;
    this.#now = now;
  }

  /** Forgets everything, as a Redis does that starts again. */
  clear(): void {
    this.#replicas.clear();
    this.#outcomes.clear();
    this.#gone.clear();
    this.#state = this.#ballot = undefined;
  }

  async join(entry: ReplicaEntry, own: SharedState): Promise<Joined> {
    await this.#answer();
    this.#sweep();
    this.#count();
    if (this.#ballot !== undefined) return { joined: false };
    const conflicts: Conflict[] = [];
    let other: ReplicaEntry | undefined;
    for (const { entry: replica } of this.#replicas.values()) {
      if (replica.name === entry.name && replica.process === entry.process) {
        continue;
      }
      other = replica;
      const against = (kind: Conflict["kind"]) =>
        conflicts.push({ kind, entry: replica });
      if (replica.name === entry.name) against("name");
      if (entry.segment !== "" && replica.segment === entry.segment) {
        against("segment");
      } else if (countOf(replica.segment) !== countOf(entry.segment)) {
        against("count");
      }
      if (replica.version !== entry.version) against("version");
    }
    const state = this.#state;
    if (
      own.serial === 0 && other !== undefined && state !== undefined &&
      state.base !== entry.base && state.configuration !== entry.base
    ) conflicts.push({ kind: "configuration", entry: other });
    if (conflicts.length > 0) return { joined: false, conflicts };
    const present = state?.serial ?? 0;
    let next = state;
    if (own.serial > present) {
      next = own;
      this.#say({ kind: "raised", serial: own.serial });
    } else if (
      state === undefined || own.serial === 0 && other === undefined
    ) {
      next = {
        ...own,
        serial: present + 1,
        revision: state === undefined ? own.revision : state.revision + 1,
      };
    }
    if (next === undefined) throw new Error("There is always a state here");
    this.#state = next;
    if (own.serial === 0 && other === undefined) this.#gone.clear();
    if (this.#gone.get(entry.name) === entry.process) {
      this.#gone.delete(entry.name);
    }
    this.#enter(entry);
    return { joined: true, state: next, replicas: this.#entries() };
  }

  async beat(entry: ReplicaEntry, serial: number): Promise<Beat> {
    await this.#answer();
    const present = this.#state?.serial ?? 0;
    if (!this.#knows(entry) || present < serial) return { known: false };
    this.#enter(entry);
    this.#sweep();
    this.#count();
    return {
      known: true,
      serial: this.#state?.serial ?? 0,
      proposal: this.#ballot?.proposal.id ?? "",
      replicas: this.#entries(),
      gone: [...this.#gone.keys()],
    };
  }

  async leave(entry: Pick<ReplicaEntry, "name" | "process">): Promise<void> {
    await this.#answer();
    if (this.#knows(entry)) this.#remove(entry.name);
    this.#count();
  }

  async forget(): Promise<void> {
    await this.#answer();
    this.#gone.clear();
  }

  async state(): Promise<SharedState | undefined> {
    await this.#answer();
    return this.#state;
  }

  async proposal(): Promise<Proposal | undefined> {
    await this.#answer();
    return this.#ballot?.proposal;
  }

  async propose(process: string, proposal: Proposal): Promise<Proposed> {
    await this.#answer();
    this.#sweep();
    this.#count();
    if (!this.#knows({ name: proposal.by, process })) return "unknown";
    if (
      this.#ballot !== undefined || this.#state?.serial !== proposal.replaces
    ) return "outrun";
    this.#ballot = {
      proposal,
      electors: this.#entries().map(({ name, process }) => [name, process]),
      votes: new Set([proposal.by]),
      start: this.#now(),
    };
    this.#count();
    if (this.#ballot === undefined) return "committed";
    this.#say({ kind: "proposed", proposal });
    return "open";
  }

  async vote(
    entry: Pick<ReplicaEntry, "name" | "process">,
    id: string,
    refusal: Refusal | undefined,
  ): Promise<boolean> {
    await this.#answer();
    if (this.#ballot?.proposal.id !== id || !this.#knows(entry)) return false;
    if (refusal !== undefined) this.#refuse(id, entry.name, refusal);
    else {
      this.#ballot.votes.add(entry.name);
      this.#count();
    }
    return true;
  }

  async outcome(id: string): Promise<Outcome> {
    await this.#answer();
    this.#sweep();
    this.#count();
    if (this.#ballot?.proposal.id === id) return { kind: "open" };
    return this.#outcomes.get(id) ?? {
      kind: "refused",
      by: "",
      reason: { code: "LOST", message: "", issues: [] },
    };
  }

  subscribe(take: (message: ClusterMessage) => void): Disposable {
    this.#listeners.add(take);
    return { [Symbol.dispose]: () => void this.#listeners.delete(take) };
  }

  /** An answer takes a turn of the event loop, as one of Redis does. */
  async #answer(): Promise<void> {
    await Promise.resolve();
    if (this.lost) {
      throw new PerfmockError("SHARED_STATE_LOST", "Redis does not answer");
    }
  }

  #say(message: ClusterMessage): void {
    for (const take of this.#listeners) queueMicrotask(() => take(message));
  }

  #enter(entry: ReplicaEntry): void {
    this.#replicas.set(entry.name, { entry, seen: this.#now() });
  }

  #entries(): ReplicaEntry[] {
    return [...this.#replicas.values()].map(({ entry }) => entry);
  }

  #knows({ name, process }: Pick<ReplicaEntry, "name" | "process">): boolean {
    return this.#replicas.get(name)?.entry.process === process;
  }

  #sweep(): void {
    const now = this.#now();
    for (const [name, { seen }] of this.#replicas) {
      if (Math.abs(now - seen) >= this.#times.dead) this.#remove(name);
    }
  }

  #remove(name: string): void {
    const { process = "" } = this.#replicas.get(name)?.entry ?? {};
    this.#gone.set(name, process);
    this.#replicas.delete(name);
  }

  #count(): void {
    if (this.#ballot === undefined) return;
    const { proposal, electors, votes, start } = this.#ballot;
    const { id, replaces, by: _, ...state } = proposal;
    const silent = electors.findLast(([name, process]) =>
      !votes.has(name) && this.#knows({ name, process })
    );
    if (silent === undefined) {
      const serial = replaces + 1;
      this.#state = { serial, ...state };
      this.#settle(id, { kind: "committed", serial });
      this.#say({ kind: "committed", id, serial });
    } else if (Math.abs(this.#now() - start) >= this.#times.ballot) {
      this.#refuse(id, silent[0], { code: "SILENT", message: "", issues: [] });
    }
  }

  #refuse(id: string, by: string, reason: Refusal): void {
    this.#settle(id, { kind: "refused", by, reason });
    this.#say({ kind: "refused", id });
  }

  #settle(id: string, outcome: Outcome): void {
    this.#outcomes.set(id, outcome);
    this.#ballot = undefined;
  }
}

function countOf(segment: string): string {
  return /\/(\d+)$/.exec(segment)?.[1] ?? "";
}
