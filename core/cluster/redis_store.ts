/**
 * The place where replicas meet, in Redis.
 *
 * @module
 */
import type { SharedScript, SharedStore } from "../plugin.ts";
import { KEYS, SCRIPTS } from "./scripts.ts";
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
  type Proposed,
  type Refusal,
  type ReplicaEntry,
  type SharedState,
  TIMES,
} from "./store.ts";

/** Names of the scripts. */
type Name = keyof typeof SCRIPTS;

/** The scripts as Redis runs them. */
const SCRIPTS_OF_REDIS = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, source]) => [name, { name, source }]),
) as Readonly<Record<Name, SharedScript>>;

/** Meets the other replicas in Redis. */
export class RedisClusterStore implements ClusterStore {
  readonly #shared: SharedStore;
  readonly #times: ClusterTimes;
  readonly #keys: readonly string[];
  readonly #channel: string;

  constructor(shared: SharedStore, times: ClusterTimes = TIMES) {
    this.#shared = shared;
    this.#times = times;
    this.#keys = KEYS.map((key) => shared.key("cluster", key));
    this.#channel = shared.channel("cluster", "changes");
  }

  #run(name: Name, ...args: readonly (string | number)[]): Promise<unknown> {
    const { dead, ballot } = this.#times;
    return this.#shared.run(SCRIPTS_OF_REDIS[name], this.#keys, [
      this.#channel,
      dead,
      ballot,
      ...args,
    ]);
  }

  async join(entry: ReplicaEntry, own: SharedState): Promise<Joined> {
    const [kind, ...rest] = texts(
      await this.#run(
        "join",
        entry.name,
        entry.process,
        entry.segment,
        entry.version,
        entry.base,
        JSON.stringify(entry),
        own.serial,
        ...fieldsOf(own),
      ),
    );
    if (kind === "busy") return { joined: false };
    if (kind === "conflict") {
      return { joined: false, conflicts: conflictsIn(rest) };
    }
    const [serial, ...fields] = rest;
    return {
      joined: true,
      state: stateIn(serial, fields),
      replicas: fields.slice(5).map(entryIn),
    };
  }

  async beat(entry: ReplicaEntry, serial: number): Promise<Beat> {
    const [kind, now, proposal, lost, ...rest] = texts(
      await this.#run(
        "beat",
        entry.name,
        entry.process,
        JSON.stringify(entry),
        serial,
      ),
    );
    return kind === "known"
      ? {
        known: true,
        serial: Number(now),
        proposal,
        gone: rest.slice(0, Number(lost)),
        replicas: rest.slice(Number(lost)).map(entryIn),
      }
      : { known: false };
  }

  async leave(
    { name, process }: Pick<ReplicaEntry, "name" | "process">,
  ): Promise<void> {
    await this.#run("leave", name, process);
  }

  async forget(): Promise<void> {
    await this.#run("forget");
  }

  async state(): Promise<SharedState | undefined> {
    const [serial, ...fields] = texts(await this.#run("state"));
    return serial === "" ? undefined : stateIn(serial, fields);
  }

  async proposal(): Promise<Proposal | undefined> {
    const [id, replaces, by, ...fields] = texts(await this.#run("proposal"));
    if (id === "") return undefined;
    const { serial: _, ...state } = stateIn("0", fields);
    return { id, replaces: Number(replaces), by, ...state };
  }

  async propose(process: string, proposal: Proposal): Promise<Proposed> {
    return await this.#run(
      "propose",
      process,
      proposal.id,
      proposal.replaces,
      proposal.by,
      ...fieldsOf(proposal),
    ) as Proposed;
  }

  async vote(
    { name, process }: Pick<ReplicaEntry, "name" | "process">,
    id: string,
    refusal: Refusal | undefined,
  ): Promise<boolean> {
    const text = refusal === undefined ? "" : JSON.stringify(refusal);
    return await this.#run("vote", name, process, id, text) === 1;
  }

  async outcome(id: string): Promise<Outcome> {
    return JSON.parse(String(await this.#run("outcome", id))) as Outcome;
  }

  subscribe(take: (message: ClusterMessage) => void): Disposable {
    return this.#shared.subscribe(
      this.#channel,
      (message) => take(JSON.parse(message) as ClusterMessage),
    );
  }
}

/** The fields of a state as arguments, in the order of the scripts. */
function fieldsOf(
  { revision, base, configuration, digest, document }: NextState,
): (string | number)[] {
  return [revision, base, configuration, digest, document];
}

function stateIn(serial: string, fields: readonly string[]): SharedState {
  const [revision, base, configuration, digest, document] = fields;
  return {
    serial: Number(serial),
    revision: Number(revision),
    base,
    configuration,
    digest,
    document,
  };
}

function conflictsIn(pairs: readonly string[]): Conflict[] {
  const conflicts: Conflict[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    conflicts.push({
      kind: pairs[i] as Conflict["kind"],
      entry: entryIn(pairs[i + 1]),
    });
  }
  return conflicts;
}

function entryIn(text: string): ReplicaEntry {
  return JSON.parse(text) as ReplicaEntry;
}

/** A list of texts as Redis answers it; empty ones for what is not there. */
function texts(answer: unknown): string[] {
  return (answer as readonly unknown[]).map((value) => String(value ?? ""));
}
