/**
 * One replica among those that serve the same configuration: it is entered in the register, votes on the changes of the others, and
 * has the others vote on its own.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { describeThrown } from "../lib/thrown.ts";
import { pause } from "../lib/time/mod.ts";
import {
  type Agreement,
  Outrun,
  type Prepared,
  type Subject,
} from "./agreement.ts";
import { conflictError } from "./conflicts.ts";
import {
  digestOf,
  documentIn,
  documentText,
  type SharedDocument,
} from "./document.ts";
import {
  type Beat,
  type ClusterMessage,
  type ClusterStore,
  type ClusterTimes,
  type Conflict,
  type Joined,
  type NextState,
  type Outcome,
  type Proposal,
  type Refusal,
  type ReplicaEntry,
  type SharedState,
  TIMES,
} from "./store.ts";

/** Options of a {@linkcode Member}. */
export interface MemberOptions {
  readonly store: ClusterStore;
  /** Configuration in force of this replica. */
  readonly subject: Subject;
  /** Name, segment and version of this replica. */
  readonly identity: Pick<ReplicaEntry, "name" | "segment" | "version">;
  readonly times?: ClusterTimes;
  /** Signs an entry. Default: entries have no signature. */
  readonly sign?: (entry: ReplicaEntry) => string;
  /** Takes one line of the log. */
  readonly log: (level: "info" | "warn" | "error", message: string) => void;
}

/** Time between two tries to join while others vote, and between two looks at the outcome of a ballot, in ms. */
const LOOK = 50;

/** Number of signs of life between two tries to take over a state that could not be taken over. */
const RETRY = 10;

/** A state of another replica that is built and under vote. */
interface Candidate {
  readonly proposal: Proposal;
  readonly prepared: Prepared;
  /** Number of signs of life since the vote. */
  beats: number;
}

/** Own change that is under vote. */
interface OwnBallot {
  readonly proposal: Proposal;
  readonly outcome: PromiseWithResolvers<Outcome | undefined>;
}

/** One replica. */
export class Member implements Agreement, AsyncDisposable {
  readonly #store: ClusterStore;
  readonly #subject: Subject;
  readonly #times: ClusterTimes;
  readonly #sign: NonNullable<MemberOptions["sign"]>;
  readonly #log: MemberOptions["log"];
  readonly #ending = new AbortController();
  readonly #subscription: Disposable;
  #entry: ReplicaEntry;
  #state: SharedState;
  #replicas: readonly ReplicaEntry[] = [];
  #gone: readonly string[] = [];
  #candidate: Candidate | undefined;
  #own: OwnBallot | undefined;
  /** Messages and signs of life are handled one after another. */
  #last: Promise<unknown> = Promise.resolve();
  #beating: Promise<void> = Promise.resolve();
  #beats = 0;
  /** True while what a sign of life has told is being made up for. */
  #following = false;
  #lost: string | undefined;
  #conflict: PerfmockError | undefined;

  private constructor(
    { store, subject, identity, times = TIMES, sign = () => "", log }:
      MemberOptions,
  ) {
    this.#store = store;
    this.#subject = subject;
    this.#times = times;
    this.#sign = sign;
    this.#log = log;
    const next = this.#next(subject.document, subject.number, undefined);
    this.#state = { serial: 0, ...next };
    this.#entry = {
      ...identity,
      process: crypto.randomUUID(),
      url: "",
      base: next.base,
      behind: "",
      signature: "",
    };
    this.#subscription = store.subscribe((message) => this.#take(message));
  }

  /**
   * Joins the other replicas, and takes over the state that they serve.
   *
   * @throws PerfmockError `REPLICA_CONFLICT` if it may not, `SHARED_STATE_LOST`, or if their state is not valid here
   */
  static async join(options: MemberOptions): Promise<Member> {
    const member = new Member(options);
    try {
      await member.#join();
      member.#beating = member.#beat();
      return member;
    } catch (error) {
      member.#subscription[Symbol.dispose]();
      throw error;
    }
  }

  /** All replicas that live, itself included, as of its latest sign of life. */
  get replicas(): readonly ReplicaEntry[] {
    return this.#replicas;
  }

  /** Names of replicas that have left or died since the figures were reset last, as of its latest sign of life. */
  get gone(): readonly string[] {
    return this.#gone;
  }

  /** Entry of this replica, without a signature. */
  get entry(): ReplicaEntry {
    return this.#entry;
  }

  /** State that it serves. */
  get state(): SharedState {
    return this.#state;
  }

  /** False if it serves another state than the others, or has no place among them: it should get no requests. */
  get ready(): boolean {
    return this.#entry.behind === "" && this.#conflict === undefined;
  }

  /** Reasons why it and the others do not agree, one sentence each. */
  get reasons(): string[] {
    const others = this.#replicas.filter((other) =>
      other.name !== this.#entry.name && other.behind !== ""
    );
    return [
      ...this.ownReasons,
      ...others.map(({ name, behind }) => `Replica "${name}": ${behind}`),
    ];
  }

  /** Reasons why it does not agree with the others, without those of the others. */
  get ownReasons(): string[] {
    const { behind } = this.#entry;
    return [
      ...this.#conflict === undefined ? [] : [
        `${this.#conflict.message}: ${
          this.#conflict.issues.map(({ message }) => message).join("; ")
        }`,
      ],
      ...behind === "" ? [] : [behind],
      ...this.#lost === undefined ? [] : [
        `The replicas cannot agree on changes, which are refused: ${this.#lost}`,
      ],
    ];
  }

  /** Tells the other replicas where they reach this one. */
  async advertise(url: string): Promise<void> {
    this.#entry = { ...this.#entry, url };
    await this.#live();
  }

  /** Forgets which replicas have left or died: the figures of all are reset. */
  async forget(): Promise<void> {
    this.#gone = [];
    // A sign of life from before may be answered meanwhile. While Redis is lost, figures go on to say that some are missing.
    await this.#store.forget().then(() => this.#gone = [], () => {});
  }

  async agree(document: SharedDocument, revision: number): Promise<void> {
    if (!this.ready) {
      throw new PerfmockError(
        "CHANGE_REFUSED",
        `Cannot change the configuration at this replica: ${
          this.reasons.join(". ")
        }`,
      );
    }
    const proposal: Proposal = {
      id: crypto.randomUUID(),
      replaces: this.#state.serial,
      by: this.#entry.name,
      ...this.#next(document, revision, this.#state),
    };
    const own: OwnBallot = {
      proposal,
      outcome: Promise.withResolvers<Outcome | undefined>(),
    };
    this.#own = own;
    try {
      const proposed = await this.#store.propose(this.#entry.process, proposal);
      if (proposed === "outrun" || proposed === "unknown") throw new Outrun();
      if (proposed === "committed") {
        this.#serve(proposal, proposal.replaces + 1);
        return;
      }
      const outcome = await this.#outcome(own);
      if (outcome.kind === "refused") throw refused(outcome);
    } catch (error) {
      throw isLoss(error) ? mayBeMade(error) : error;
    } finally {
      this.#own = undefined;
    }
  }

  async catchUp(): Promise<void> {
    const follow = await this.#live();
    if (follow !== undefined) await this.#inTurn(follow);
  }

  /** Leaves the register: another replica may take the name and the segment. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(
      new PerfmockError(
        "SERVER_NOT_STARTED",
        "Cannot change a server that has ended",
      ),
    );
    await this.#beating;
    await this.#last;
    this.#drop();
    this.#subscription[Symbol.dispose]();
    try {
      await this.#store.leave(this.#entry);
    } catch {
      // The entry ends by itself.
    }
  }

  /** Entry of this replica, with its signature. */
  get #signed(): ReplicaEntry {
    return { ...this.#entry, signature: this.#sign(this.#entry) };
  }

  #next(
    document: SharedDocument,
    revision: number,
    before: SharedState | undefined,
  ): NextState {
    const configuration = digestOf(document.value);
    const read = before === undefined ||
      documentIn(before.document).reads !== document.reads;
    return {
      revision,
      base: read ? configuration : before.base,
      configuration,
      digest: digestOf(document),
      document: documentText(document),
    };
  }

  async #join(): Promise<void> {
    const { beat, dead } = this.#times;
    const { signal } = this.#ending;
    // A replica that was killed holds its name and its segment until it counts as dead.
    for (let waited = 0;;) {
      const joined = await this.#store.join(this.#signed, this.#state);
      if (joined.joined) return await this.#joined(joined);
      const { conflicts = [] } = joined;
      if (conflicts.length > 0) {
        if (waited > dead + beat || !conflicts.every(mayEnd)) {
          throw conflictError(this.#entry, conflicts);
        }
        waited += beat;
      }
      await pause(conflicts.length > 0 ? beat : LOOK, signal);
      signal.throwIfAborted();
    }
  }

  async #joined(
    { state, replicas }: Extract<Joined, { joined: true }>,
  ): Promise<void> {
    this.#replicas = inOrder(replicas);
    this.#lost = undefined;
    this.#conflict = undefined;
    const first = this.#state.serial === 0;
    try {
      await this.#takeOver(state);
    } catch (error) {
      if (!first) return this.#fallBehind(state, error);
      await this.#store.leave(this.#entry);
      throw error;
    }
  }

  /** Signs of life until the end. */
  async #beat(): Promise<void> {
    const { signal } = this.#ending;
    for (;;) {
      await pause(this.#times.beat, signal);
      if (signal.aborted) return;
      this.#beats++;
      const candidate = this.#candidate;
      // Nobody has told the outcome: the replica must not hold back further changes for it.
      if (
        candidate !== undefined &&
        candidate.beats++ > this.#times.ballot / this.#times.beat
      ) this.#drop();
      const follow = await this.#live();
      if (follow !== undefined && !this.#following) {
        this.#following = true;
        this.#inTurn(follow).finally(() => this.#following = false);
      }
    }
  }

  /**
   * Gives a sign of life. It does not wait for what is being built. Never rejects.
   *
   * @returns operation that makes up for missed messages; undefined without an answer
   */
  async #live(): Promise<(() => Promise<void>) | undefined> {
    try {
      const beat = await this.#store.beat(this.#signed, this.#state.serial);
      if (this.#lost !== undefined) {
        this.#lost = undefined;
        this.#log("info", "The replicas can agree on changes again");
      }
      if (beat.known) {
        this.#replicas = inOrder(beat.replicas);
        this.#gone = beat.gone;
      }
      return () => beat.known ? this.#follow(beat) : this.#rejoin();
    } catch (error) {
      this.#lose(error);
      return undefined;
    }
  }

  #lose(error: unknown): void {
    const reason = describeThrown(error);
    if (this.#lost === undefined && !this.#ending.signal.aborted) {
      this.#log("warn", `The replicas cannot agree on changes: ${reason}`);
    }
    this.#lost = reason;
  }

  async #follow(
    { proposal, serial }: Extract<Beat, { known: true }>,
  ): Promise<void> {
    if (serial > this.#state.serial) await this.#catchUp();
    const seen = [
      "",
      this.#own?.proposal.id,
      this.#candidate?.proposal.id,
    ];
    if (seen.includes(proposal)) return;
    const open = await this.#store.proposal();
    if (open?.id === proposal) await this.#consider(open);
  }

  /** Joins again: the store was lost, or held this replica to be dead. */
  async #rejoin(): Promise<void> {
    this.#drop();
    const joined = await this.#store.join(this.#signed, this.#state);
    if (joined.joined) {
      this.#log("info", "Joined the other replicas again");
      return await this.#joined(joined);
    }
    if (joined.conflicts === undefined) return;
    const conflict = conflictError(this.#entry, joined.conflicts);
    if (this.#conflict === undefined) {
      this.#log(
        "error",
        `${conflict.message}: ${
          conflict.issues.map(({ message }) => message).join("; ")
        }`,
      );
    }
    this.#conflict = conflict;
  }

  #take(message: ClusterMessage): void {
    switch (message.kind) {
      case "proposed":
        if (message.proposal.by === this.#entry.name) return;
        return void this.#inTurn(() => this.#consider(message.proposal));
      case "committed": {
        const { id, serial } = message;
        const candidate = this.#candidate;
        if (candidate?.proposal.id === id) this.#decide(candidate, serial);
        else if (this.#own?.proposal.id === id) {
          this.#serve(this.#own.proposal, serial);
          this.#own.outcome.resolve({ kind: "committed", serial });
        } else if (serial > this.#state.serial) {
          void this.#inTurn(() => this.#catchUp());
        }
        return;
      }
      case "refused":
        if (this.#candidate?.proposal.id === message.id) this.#drop();
        // The reason is asked for.
        if (this.#own?.proposal.id === message.id) {
          this.#own.outcome.resolve(undefined);
        }
        return;
      case "raised":
        if (message.serial > this.#state.serial) {
          void this.#inTurn(() => this.#catchUp());
        }
    }
  }

  /** Builds the state that is under vote, and votes. */
  async #consider(proposal: Proposal): Promise<void> {
    const { id } = proposal;
    if (this.#candidate?.proposal.id === id) return;
    this.#drop();
    if (proposal.replaces !== this.#state.serial) await this.#catchUp();
    let prepared: Prepared;
    try {
      if (proposal.replaces !== this.#state.serial) {
        throw new PerfmockError(
          "CHANGE_REFUSED",
          this.#entry.behind || "It serves another state",
        );
      }
      prepared = await this.#subject.prepare(documentIn(proposal.document));
    } catch (error) {
      await this.#store.vote(this.#entry, id, refusalOf(error));
      return;
    }
    const candidate = this.#candidate = { proposal, prepared, beats: 0 };
    const counts = await this.#store.vote(this.#entry, id, undefined);
    if (!counts && this.#candidate === candidate) this.#drop();
  }

  /** Takes over the state that was built for a vote. */
  #decide({ proposal, prepared }: Candidate, serial: number): void {
    this.#candidate = undefined;
    this.#serve(proposal, serial);
    prepared.commit(proposal.revision);
  }

  /** Takes over the latest state. */
  async #catchUp(): Promise<void> {
    const candidate = this.#candidate;
    if (candidate !== undefined) {
      const outcome = await this.#store.outcome(candidate.proposal.id);
      if (outcome.kind === "committed" && this.#candidate === candidate) {
        this.#decide(candidate, outcome.serial);
      }
    }
    const state = await this.#store.state();
    if (state === undefined || state.serial <= this.#state.serial) return;
    const { behind } = this.#entry;
    if (behind !== "" && this.#beats % RETRY !== 0) return;
    this.#drop();
    try {
      await this.#takeOver(state);
    } catch (error) {
      this.#fallBehind(state, error);
    }
  }

  async #takeOver(state: SharedState): Promise<void> {
    const prepared = await this.#subject.prepare(documentIn(state.document));
    // An own change may have been faster.
    if (state.serial < this.#state.serial) return prepared.discard();
    this.#serve(state, state.serial);
    prepared.commit(state.revision);
    if (this.#entry.behind !== "") this.#entry = { ...this.#entry, behind: "" };
  }

  #fallBehind(state: SharedState, error: unknown): void {
    const { message, issues } = refusalOf(error);
    const behind =
      `Cannot take over revision ${state.revision} of the configuration, and serves revision ${this.#state.revision}: ${
        [message, ...issues.map((issue) => `${issue.path} ${issue.message}`)]
          .join("; ")
      }`;
    if (this.#entry.behind !== behind) this.#log("error", behind);
    this.#entry = { ...this.#entry, behind };
  }

  #serve(
    { revision, base, configuration, digest, document }: NextState,
    serial: number,
  ): void {
    this.#state = { serial, revision, base, configuration, digest, document };
    if (this.#entry.base !== base) this.#entry = { ...this.#entry, base };
  }

  /** Drops the state that was built for a vote. */
  #drop(): void {
    const candidate = this.#candidate;
    this.#candidate = undefined;
    candidate?.prepared.discard();
  }

  /** Waits for the outcome of the own change: for its message, or by asking. */
  async #outcome({ proposal, outcome }: OwnBallot): Promise<
    Exclude<Outcome, { kind: "open" }>
  > {
    for (;;) {
      this.#ending.signal.throwIfAborted();
      const told = await Promise.race([
        outcome.promise,
        pause(2 * LOOK, this.#ending.signal).then(() => undefined),
      ]);
      const found = told ?? await this.#store.outcome(proposal.id);
      if (found.kind === "open") continue;
      if (
        found.kind === "committed" && this.#state.serial < found.serial
      ) this.#serve(proposal, found.serial);
      return found;
    }
  }

  #inTurn(operation: () => Promise<void>): Promise<void> {
    const done = this.#last.then(operation).catch((error) => this.#lose(error));
    this.#last = done;
    return done;
  }
}

/** Sorts replicas by segment, and then by name. */
function inOrder(replicas: readonly ReplicaEntry[]): readonly ReplicaEntry[] {
  return replicas.toSorted((a, b) =>
    Number.parseInt(a.segment || "0") - Number.parseInt(b.segment || "0") ||
    (a.name < b.name ? -1 : 1)
  );
}

/** Returns true for a conflict that ends by itself if the other replica is dead. */
function mayEnd({ kind }: Conflict): boolean {
  return kind === "name" || kind === "segment";
}

function refusalOf(error: unknown): Refusal {
  return error instanceof PerfmockError
    ? { code: error.code, message: error.message, issues: error.issues }
    : { code: "PLUGIN_FAILED", message: describeThrown(error), issues: [] };
}

function isLoss(error: unknown): error is PerfmockError {
  return error instanceof PerfmockError && error.code === "SHARED_STATE_LOST";
}

/** The error of a change whose outcome nobody could tell. */
function mayBeMade(error: PerfmockError): PerfmockError {
  return new PerfmockError(
    error.code,
    `${error.message}; the change was not made here, and is made everywhere later if the others had agreed already`,
    error.issues,
    { cause: error, status: 503 },
  );
}

/** The error of a change that was refused. */
function refused(
  { by, reason }: Extract<Outcome, { kind: "refused" }>,
): PerfmockError {
  const { code, message, issues } = reason;
  return new PerfmockError(
    "CHANGE_REFUSED",
    code === "SILENT"
      ? `Cannot change the configuration: replica "${by}" lives and does not answer`
      : by === ""
      ? "Cannot change the configuration: Redis has lost the change"
      : `Cannot change the configuration: replica "${by}" refuses it. ${message}`,
    issues,
  );
}
