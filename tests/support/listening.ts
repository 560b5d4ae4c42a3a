/** Servers of one test, without a configuration behind them. */
import { createKit } from "../../core/config/kit.ts";
import { validate } from "../../core/config/mod.ts";
import {
  type ServerInput,
  type ServerSettings,
  serverType,
} from "../../core/config/server_settings.ts";
import type { Handler } from "../../core/server/engine.ts";
import type { Incoming } from "../../core/pipeline/incoming.ts";
import {
  type Engines,
  listen,
  type Listener,
  type ListenOptions,
} from "../../core/server/serve.ts";

/** Returns settings of a server, with defaults filled in; a free port unless one is given. */
export function serverSettings(given: ServerInput = {}): ServerSettings {
  const kit = createKit({ folder: "/", distribution: () => ({ issues: [] }) });
  const parsed = validate(serverType(kit), { port: 0, ...given });
  if (parsed.issues === undefined) return parsed.value;
  throw new Error(JSON.stringify(parsed.issues));
}

/** Options of {@linkcode start}. */
export interface StartOptions extends Partial<ListenOptions> {
  /** Answers requests. Default with status 200 and no body. */
  readonly handler?: Handler;
  /** HTTP servers to choose from. Default those of perfmock. */
  readonly engines?: Engines;
}

/** Answers as the edge does, which never throws. */
function answer(handler: Handler, { request }: Incoming): Promise<Response> {
  return Promise.resolve().then(() => handler(request))
    .catch(() => new Response(null, { status: 500 }));
}

/** Starts to listen. */
export function start(
  settings: ServerInput = {},
  { handler = () => new Response(), engines, ...options }: StartOptions = {},
): Promise<Listener> {
  return listen({
    server: serverSettings(settings),
    resets: false,
    failed: () => {},
    heldBack: () => {},
    edge: {
      fetch: handler,
      receive: (incoming) => incoming.respond(answer(handler, incoming)),
    },
    log: () => {},
    ...options,
  }, engines);
}
