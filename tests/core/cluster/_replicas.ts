/** Replicas without servers: a configuration that is a number of keys, and the changes of it. */
import type { BackendPace } from "../../../core/control/backend_control.ts";
import { Powers } from "../../../core/config/mod.ts";
import { type Issue, PerfmockError } from "../../../core/errors.ts";
import { Member } from "../../../core/cluster/member.ts";
import type {
  ClusterStore,
  ClusterTimes,
} from "../../../core/cluster/store.ts";
import { AgreedChanges } from "../../../core/world/agreed_changes.ts";
import type { Revision } from "../../../core/world/revision.ts";
import type { SettingsInput } from "../../../core/world/settings.ts";

/** Times of the replicas of a test, in ms. */
export const QUICK: ClusterTimes = { beat: 30, dead: 300, ballot: 1000 };

/** A configuration as written. */
export type Value = Readonly<Record<string, unknown>>;

/** A replica whose configuration needs no plugins. */
export class Replica implements AsyncDisposable {
  readonly powers = new Powers();
  readonly changes: AgreedChanges;
  readonly log: string[] = [];
  /** Numbers of the revisions that were in force, in their order. */
  readonly numbers: number[] = [1];
  /** Number of revisions that were built and have neither taken over nor been dropped. */
  waiting = 0;
  /** Finds errors in a configuration. */
  issues: (value: Value) => readonly Issue[] = () => [];
  /** Delays each build. */
  slow: Promise<unknown> = Promise.resolve();
  readonly #name: string;
  #pace: BackendPace = {};
  #revision: Revision;
  #member: Member | undefined;

  constructor(name: string, value: Value) {
    this.#name = name;
    this.#revision = revisionOf({ value });
    this.changes = new AgreedChanges(this, {
      build: async (edit) => {
        await this.slow;
        const next = edit(this.#revision.input);
        const issues = this.issues(next.value as Value);
        if (issues.length > 0) {
          throw new PerfmockError("CONFIG_INVALID", "Cannot use it", issues);
        }
        this.waiting++;
        return revisionOf(next);
      },
      adopt: (next, number) => {
        if (next !== undefined) {
          this.#revision = next;
          this.waiting--;
        }
        this.numbers.push(number);
      },
      finish: () => Promise.resolve(),
      drop: () => {
        this.waiting--;
        return Promise.resolve();
      },
    });
  }

  readonly backend = ((replica: Replica) => ({
    get pace() {
      return replica.#pace;
    },
    prepare: (pace: BackendPace) => ({
      pace,
      commit: () => void (replica.#pace = pace),
      discard() {},
    }),
  }))(this);

  get revision(): Revision {
    return this.#revision;
  }

  get number(): number {
    return this.numbers.at(-1) ?? 0;
  }

  get value(): Value {
    return this.#revision.input.value as Value;
  }

  get member(): Member {
    if (this.#member === undefined) throw new Error("It has not joined");
    return this.#member;
  }

  async join(
    store: ClusterStore,
    { segment = "", version = "1.0.0", times = QUICK }: {
      readonly segment?: string;
      readonly version?: string;
      readonly times?: ClusterTimes;
    } = {},
  ): Promise<Member> {
    const member = this.#member = await Member.join({
      store,
      subject: this.changes,
      identity: { name: this.#name, segment, version },
      times,
      log: (_, message) => void this.log.push(message),
    });
    this.changes.agreement = member;
    return member;
  }

  /** Changes the configuration. */
  async change(edit: (value: Value) => Value): Promise<void> {
    await this.changes.make(async () => {
      await this.slow;
      const input = this.#revision.input;
      const value = edit(input.value as Value);
      const issues = this.issues(value);
      if (issues.length > 0) {
        throw new PerfmockError("CONFIG_INVALID", "Cannot use it", issues);
      }
      this.waiting++;
      await this.changes.adopt(revisionOf({ ...input, value }));
    });
  }

  /** Changes the pace. */
  async setPace(pace: BackendPace): Promise<void> {
    await this.changes.make(async () => {
      await this.changes.adopt(undefined, { pace });
      this.#pace = pace;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member?.[Symbol.asyncDispose]();
    await this.changes.ended;
  }
}

function revisionOf(input: Partial<SettingsInput>): Revision {
  return { input } as Revision;
}
