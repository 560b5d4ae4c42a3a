/**
 * The module that a load thread runs. It is started by load_thread_handle.ts and imported by nobody.
 *
 * @module
 */
import type { FromThread, ToThread } from "./messages.ts";
import { ThreadSession } from "./thread_session.ts";

/** The scope of a worker, of which the library that all other files are checked with knows nothing. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToThread>) => void) | null;
  postMessage(message: FromThread, transfer?: Transferable[]): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

// Where it is imported by mistake, or to see whether that does any harm, nothing happens: postMessage is a worker's.
if (typeof scope.postMessage === "function") {
  const session = new ThreadSession((message, transfer = []) =>
    scope.postMessage(message, transfer)
  );
  scope.onmessage = async ({ data }) => {
    await session.receive(data);
    if (data.kind === "close") scope.close();
  };
}
