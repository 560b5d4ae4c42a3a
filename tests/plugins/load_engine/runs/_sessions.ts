import { BUILTIN } from "../../../../core/builtin.ts";
import {
  type FromThread,
  type ThreadOrder,
  ThreadSession,
} from "../../../../plugins/load_engine/runs/load_thread.ts";
import { at } from "../http/_orders.ts";

/** Makes a session on this thread, and records its messages, those of rehearsals apart: there are some only where the loop runs. */
export function session() {
  const said: FromThread[] = [];
  const practised: FromThread[] = [];
  const waiting = new Map<string, () => void>();
  const made = new ThreadSession((message) => {
    if (message.kind === "practice") return void practised.push(message);
    said.push(message);
    waiting.get(message.kind)?.();
  });
  return {
    session: made,
    said,
    practised,
    kinds: () => [...new Set(said.map(({ kind }) => kind))],
    heard: (kind: FromThread["kind"]) =>
      new Promise<void>((resolve) => waiting.set(kind, resolve)),
  };
}

/** Makes the order of a script whose requests go to a port of this machine. */
export function order(port: number, script: unknown): ThreadOrder {
  return {
    input: { json: "{}", folder: "file:///", builtin: BUILTIN.module },
    script,
    folder: "/",
    seed: 42,
    connections: Infinity,
    destination: at(port),
  };
}

/** Two users that send ten requests. */
export const USERS = {
  executor: "shared-iterations",
  users: 2,
  iterations: 10,
  requests: [{ path: "/a" }],
};
