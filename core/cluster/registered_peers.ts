/**
 * Replicas that share a register, as each of them sees the others: servers that answer at addresses of their own.
 *
 * @module
 */
import { carryOut } from "../fleet/change.ts";
import type { FleetAnswer, FleetCall, Peers, Replica } from "../fleet/peers.ts";
import { memberOver, type Sends } from "../fleet/replica_calls.ts";
import { isOfAll } from "../lib/agreement.ts";
import { type Segment, segmentText, WHOLE } from "../scale/segment.ts";
import type { Member } from "./member.ts";
import type { EntrySignatures } from "./signature.ts";
import type { ReplicaEntry } from "./store.ts";

/** Base of calls of a replica to itself, which no socket carries. */
const ITSELF = "http://127.0.0.1/";

/** Options of {@linkcode RegisteredPeers}. */
export interface RegisteredPeersOptions {
  /** Returns this replica in the register; undefined before it has joined. */
  readonly member: () =>
    | Pick<Member, "catchUp" | "entry" | "forget" | "gone" | "replicas">
    | undefined;
  /** Verifies the entries of the others. */
  readonly signatures: () => Pick<EntrySignatures, "holds"> | undefined;
  /** Answers a call of this replica to itself. */
  readonly answer: (request: Request) => Response | Promise<Response>;
}

/** The replicas of a register. */
export class RegisteredPeers implements Peers {
  readonly separate = true;
  readonly #options: RegisteredPeersOptions;

  constructor(options: RegisteredPeersOptions) {
    this.#options = options;
  }

  get own(): string {
    return this.#options.member()?.entry.name ?? "";
  }

  list(): readonly Replica[] {
    const entered = this.#entered();
    const taken = new Set(entered.map(({ segment }) => segmentText(segment)));
    const missing: Replica[] = [];
    const { count } = entered.find(({ name }) => name === this.own)?.segment ??
      { count: 0 };
    for (let index = 0; index < count; index++) {
      const segment = { index, count };
      const name = segmentText(segment);
      if (taken.has(name)) continue;
      const error = "no replica in the register has this segment";
      missing.push({ name, segment, url: undefined, error });
    }
    return [...entered, ...missing].toSorted((a, b) =>
      a.segment.index - b.segment.index
    );
  }

  /** The replicas in the register, this one included. */
  #entered(): Replica[] {
    const { member, signatures } = this.#options;
    const joined = member();
    if (joined === undefined) return [];
    const { entry: own, replicas } = joined;
    // A Redis that was lost may have held this one to be dead.
    const entries = replicas.some(({ name }) => name === own.name)
      ? replicas
      : [own, ...replicas];
    return entries.map((entry) =>
      replicaOf(
        entry,
        entry.name === own.name || signatures()?.holds(entry) === true,
      )
    );
  }

  async change(call: FleetCall): Promise<FleetAnswer> {
    const { own } = this;
    const { answer: answerTo } = this.#options;
    const id = crypto.randomUUID();
    // A replica that has just joined makes the change, too.
    await this.#options.member()?.catchUp();
    const toItself: Sends = async (url, init) =>
      await answerTo(new Request(url, init));
    const members = this.#entered().map((replica) =>
      replica.name === own
        ? memberOver({ name: own, url: ITSELF }, call, id, toItself)
        : memberOver(replica, call, id)
    );
    const { answer } = await carryOut(members, own);
    return answer;
  }

  /** None: each replica has its own, and one that does not answer is named without them. */
  reasons(): readonly string[] {
    return [];
  }

  lost(): readonly string[] {
    return this.#options.member()?.gone ?? [];
  }

  reset(): void {
    // A program may have reset this replica alone, whose figures are not all that there were.
    if (isOfAll()) void this.#options.member()?.forget();
  }
}

/** Reads the segment of an entry, which is empty for a replica without one. */
function segmentIn(text: string): Segment {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  return count === undefined
    ? WHOLE
    : { index: Number(index), count: Number(count) };
}

/** Makes a replica of its entry. */
function replicaOf(entry: ReplicaEntry, isTrusted: boolean): Replica {
  const { name, segment, url } = entry;
  const known = { name, segment: segmentIn(segment) };
  if (!isTrusted) {
    return {
      ...known,
      url: undefined,
      error:
        "its entry in the register is not signed with the token of the control API, so it is not asked",
    };
  }
  return url === ""
    ? { ...known, url: undefined, error: "it does not listen" }
    : { ...known, url };
}
