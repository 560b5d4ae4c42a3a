/**
 * One change on all replicas or on none: each prepares it, then all make it, or nobody does.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { describeThrown } from "../lib/thrown.ts";
import type { FleetAnswer } from "./peers.ts";

/** A replica while a change is made. */
export interface Member {
  /** Name of the replica. */
  readonly name: string;
  /**
   * Prepares the change.
   *
   * @returns undefined if it could make the change and waits for the decision; its answer if it refused, or if there was nothing to prepare
   * @throws any error if it cannot be asked
   */
  prepare(): Promise<FleetAnswer | undefined>;
  /**
   * Makes the prepared change, or abandons it.
   *
   * @returns its answer to a change that it made
   * @throws any error if it cannot be asked
   */
  settle(commit: boolean): Promise<FleetAnswer>;
}

/** Outcome of a change. */
export interface Outcome {
  /** True if all have made it. */
  readonly made: boolean;
  /** Answer of the replica that was called, or of the first one that refused. */
  readonly answer: FleetAnswer;
  /** Names of replicas that had prepared the change and then failed: their state is no longer that of the others. */
  readonly failed: readonly string[];
}

/**
 * Carries a change out on all replicas, or on none. Changes must be carried out one after another.
 *
 * @param members all replicas, at least one
 * @param called name of the replica that was called; its answer is returned
 * @throws PerfmockError `REPLICA_UNREACHABLE` if one cannot be asked; nothing has changed then
 */
export async function carryOut(
  members: readonly Member[],
  called: string,
): Promise<Outcome> {
  const prepared = await Promise.allSettled(
    members.map((member) => member.prepare()),
  );
  const waiting = members.filter((_, index) => {
    const result = prepared[index];
    return result.status === "fulfilled" && result.value === undefined;
  });
  const silent = members.flatMap(({ name }, index) => {
    const result = prepared[index];
    return result.status === "rejected"
      ? [`${name} (${describeThrown(result.reason)})`]
      : [];
  });
  if (silent.length > 0) {
    await settleAll(waiting, false);
    throw new PerfmockError(
      "REPLICA_UNREACHABLE",
      `Cannot make this change: it was not made anywhere, because ${
        silent.join(", ")
      } did not answer`,
    );
  }
  const answers = new Map<string, FleetAnswer>();
  for (const [index, result] of prepared.entries()) {
    if (result.status === "fulfilled" && result.value !== undefined) {
      answers.set(members[index].name, result.value);
    }
  }
  const refusals = [...answers].filter(([, { status }]) => status >= 400);
  if (refusals.length > 0) {
    await settleAll(waiting, false);
    const [, answer] = refusals.find(([name]) => name === called) ??
      refusals[0];
    return { made: false, answer, failed: [] };
  }
  const settled = await settleAll(waiting, true);
  const failed: string[] = [];
  for (const [index, result] of settled.entries()) {
    const { name } = waiting[index];
    if (result.status === "fulfilled") answers.set(name, result.value);
    if (result.status === "rejected" || result.value.status >= 500) {
      failed.push(name);
    }
  }
  const answer = answers.get(called) ?? [...answers.values()][0];
  if (answer === undefined) {
    throw new PerfmockError(
      "REPLICA_UNREACHABLE",
      `Cannot tell if this change was made: no replica answered after all had prepared it`,
    );
  }
  return { made: true, answer, failed };
}

function settleAll(
  members: readonly Member[],
  commit: boolean,
): Promise<PromiseSettledResult<FleetAnswer>[]> {
  return Promise.allSettled(members.map((member) => member.settle(commit)));
}
