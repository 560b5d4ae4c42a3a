/**
 * Sessions of a server: servers within the server, so that several test workers share one without disturbing each other.
 *
 * @module
 */
import type { SessionSettings } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { agreed } from "../lib/agreement.ts";
import { ENTRY_BYTES } from "../lib/bounded.ts";
import { textBytes } from "../lib/bounded_text.ts";
import { SESSION_NAME } from "../lib/control_values.ts";
import type { Clock } from "../plugin.ts";
import type {
  SessionDescription,
  SessionRequest,
  SessionStore,
} from "../control/session_endpoints.ts";
import { stateOf, type WorldHandover } from "../world/handover.ts";
import type { World } from "../world/world.ts";

/** The server of the sessions. */
export interface SessionHost {
  /** The server's clock. */
  readonly clock: Clock;
  /** Returns the settings of the configuration in force. */
  readonly settings: () => SessionSettings;
  /** Makes the configuration of a session; throws a PerfmockError with its issues. */
  readonly create: (name: string, request: SessionRequest) => Promise<World>;
  /** Called with the world of each session that ends, after its last exchange. */
  readonly ended: (world: World) => void;
  /** Returns the URL at which the server listens; undefined if it does not. */
  readonly url: () => URL | undefined;
  /**
   * Replicas of a fleet, where the server is one: a session ends when no replica has had a request for it. Undefined if the server stands
   * alone.
   */
  readonly elsewhere?: {
    /** Time until the session expires on another replica, the longest, in ms; 0 if none knows of a use. */
    readonly expiresMs: (name: string) => Promise<number>;
    /** Ends the session on all replicas. */
    readonly end: (name: string) => Promise<unknown>;
  } | undefined;
  /** Reports an error that occurred when a session ended by itself. */
  readonly report: (error: unknown) => void;
}

/** Sessions that another replica takes over, as JSON data. */
export interface SessionsHandover {
  /** Number of names that were made up. */
  readonly made: number;
  /** Sessions in the order in which they were made. */
  readonly sessions: readonly {
    readonly name: string;
    /** Time without requests after which it ends, in ms. */
    readonly expiry: number;
    /** Time since its latest request, in ms. */
    readonly idle: number;
    readonly world: WorldHandover;
  }[];
}

interface Session {
  readonly world: World;
  /** Time without requests after which it ends, in milliseconds. */
  readonly expiry: number;
  /** Time of the latest request, on the clock. */
  used: number;
  timer: number;
}

/** Maximum number of names of ended sessions that are remembered, to distinguish them from names that never existed. */
const PAST_LIMIT = 1000;

/** All sessions of a server. */
export class Sessions implements SessionStore {
  /** True once there has been a session: until then no request needs to be checked for one. */
  used = false;
  readonly #host: SessionHost;
  readonly #sessions = new Map<string, Session>();
  readonly #making = new Set<string>();
  readonly #past = new Set<string>();
  #made = 0;
  #closed = false;

  /** @param host server of the sessions */
  constructor(host: SessionHost) {
    this.#host = host;
  }

  /** Number of bytes that the names of ended sessions take at most. */
  get pastBytes(): number {
    let bytes = 0;
    for (const name of this.#past) bytes += ENTRY_BYTES + textBytes(name);
    return bytes;
  }

  /** Configurations in force of all sessions. */
  *worlds(): Generator<World> {
    for (const { world } of this.#sessions.values()) yield world;
  }

  async create(request: SessionRequest): Promise<SessionDescription> {
    if (this.#closed) throw ending();
    const { limit, expiry } = this.#host.settings();
    if (this.#sessions.size + this.#making.size >= limit) {
      throw new PerfmockError(
        "SESSIONS_EXHAUSTED",
        `Cannot make another session: there are ${limit}, the maximum that sessions.limit allows`,
      );
    }
    const name = request.name ?? this.#newName();
    if (this.#sessions.has(name) || this.#making.has(name)) {
      throw new PerfmockError("ARGUMENT_INVALID", "Cannot make this session", [{
        path: "/name",
        message: `There is a session "${name}" already`,
        value: name,
        allowed: "another name, or none to have one made up",
      }]);
    }
    this.#making.add(name);
    try {
      const world = await this.#host.create(name, request);
      try {
        await agreed();
        // The server may have begun to end meanwhile, and does not know of this session yet.
        if (this.#closed) throw ending();
      } catch (error) {
        await world.end();
        throw error;
      }
      const session: Session = {
        world,
        expiry: request.expiry ?? expiry,
        used: this.#host.clock.now(),
        timer: 0,
      };
      this.used = true;
      this.#past.delete(name);
      this.#sessions.set(name, session);
      this.#watch(session);
      return this.#describe(session);
    } finally {
      this.#making.delete(name);
    }
  }

  /** Session with a name, whose time to expiry starts again; undefined if there is none. */
  find(name: string): World | undefined {
    const session = this.#sessions.get(name);
    if (session === undefined) return undefined;
    session.used = this.#host.clock.now();
    return session.world;
  }

  /** True if a session of this name existed and has ended. */
  isPast(name: string): boolean {
    return this.#past.has(name);
  }

  list(): SessionDescription[] {
    return [...this.#sessions.values()].map((session) =>
      this.#describe(session)
    );
  }

  describe(name: string): SessionDescription {
    return this.#describe(this.#known(name));
  }

  async delete(name: string): Promise<void> {
    const session = this.#known(name);
    await agreed();
    await this.#end(session);
  }

  /** Sessions as another replica takes them over, as JSON data. */
  state(): SessionsHandover {
    const { clock } = this.#host;
    return {
      made: this.#made,
      sessions: [...this.#sessions].map(([name, session]) => ({
        name,
        expiry: session.expiry,
        idle: Math.max(0, clock.now() - session.used),
        world: stateOf(session.world),
      })),
    };
  }

  /**
   * Takes the sessions of another replica over.
   *
   * @param create makes the world of a session
   */
  async takeOver(
    { made, sessions }: SessionsHandover,
    create: (name: string, state: WorldHandover) => Promise<World>,
  ): Promise<void> {
    this.#made = made;
    for (const { name, expiry, idle, world } of sessions) {
      const session: Session = {
        world: await create(name, world),
        expiry,
        used: this.#host.clock.now() - idle,
        timer: 0,
      };
      this.used = true;
      this.#sessions.set(name, session);
      this.#watch(session);
    }
  }

  /** The sessions as one of them sees them: itself, and no other. */
  seenFrom(own: string): SessionStore {
    const confined = (name: string) => {
      if (name === own) return;
      throw new PerfmockError(
        "SESSION_CONFINED",
        `Cannot reach session "${name}" from session "${own}": sessions are apart; use the server's own control API`,
      );
    };
    return {
      // Every error is a rejection of the promise.
      // deno-lint-ignore require-await
      create: async () => {
        throw new PerfmockError(
          "SESSION_CONFINED",
          `Cannot make a session within session "${own}": use the server's own control API`,
        );
      },
      list: () => this.list().filter(({ name }) => name === own),
      describe: (name) => {
        confined(name);
        return this.describe(name);
      },
      delete: async (name) => {
        confined(name);
        await this.delete(name);
      },
    };
  }

  /** Refuses to make further sessions, since the server is ending. */
  close(): void {
    this.#closed = true;
  }

  /** Ends all sessions and refuses to make further ones. */
  async end(): Promise<void> {
    this.close();
    await Promise.all(
      [...this.#sessions.values()].map((session) => this.#end(session)),
    );
  }

  #known(name: string): Session {
    const session = this.#sessions.get(name);
    if (session !== undefined) return session;
    throw unknownSession(name);
  }

  #newName(): string {
    let name: string;
    do name = `s${++this.#made}`; while (this.#sessions.has(name));
    return name;
  }

  #describe({ world, used, expiry }: Session): SessionDescription {
    const name = world.session ?? "";
    const url = this.#host.url();
    const own = url && new URL(url);
    if (own !== undefined) {
      const above = own.protocol === "https:" ? ".perfmock" : "";
      own.hostname = `${name}${above}${SUFFIX}`;
    }
    return {
      name,
      url: own?.href ?? null,
      seed: world.config.seed,
      revision: world.number,
      inFlight: world.flow.size,
      expiresMs: Math.max(0, used + expiry - this.#host.clock.now()),
    };
  }

  #watch(session: Session): void {
    const { clock } = this.#host;
    session.timer = clock.at(session.used + session.expiry, () => {
      session.timer = 0;
      const now = clock.now();
      // A session with exchanges in flight is in use, however long they take.
      if (session.world.flow.size > 0) session.used = now;
      if (session.used + session.expiry > now) this.#watch(session);
      else this.#expire(session).catch(this.#host.report);
    }, undefined);
  }

  /** Ends a session that has not been used here, unless another replica has used it. */
  async #expire(session: Session): Promise<void> {
    const { clock, elsewhere } = this.#host;
    if (elsewhere === undefined) return await this.#end(session);
    const name = session.world.session ?? "";
    const left = await elsewhere.expiresMs(name);
    if (this.#sessions.get(name) !== session || this.#closed) return;
    const used = clock.now() + left - session.expiry;
    if (left > 0 && used > session.used) session.used = used;
    if (session.used + session.expiry <= clock.now()) {
      await elsewhere.end(name).catch(this.#host.report);
      // It could not be ended everywhere: it is tried again.
      if (this.#sessions.get(name) === session) session.used = clock.now();
      else return;
    }
    this.#watch(session);
  }

  async #end(session: Session): Promise<void> {
    const name = session.world.session ?? "";
    if (!this.#sessions.delete(name)) return;
    if (session.timer !== 0) this.#host.clock.cancel(session.timer);
    this.#past.add(name);
    for (const oldest of this.#past) {
      if (this.#past.size <= PAST_LIMIT) break;
      this.#past.delete(oldest);
    }
    // The exchanges in flight are cut before the first wait.
    const end = session.world.end();
    this.#host.ended(session.world);
    await end;
  }
}

function ending(): PerfmockError {
  return new PerfmockError(
    "SERVER_NOT_STARTED",
    "Cannot make a session: the server is ending",
  );
}

/** Error for a name that no session has. */
export function unknownSession(name: string): PerfmockError {
  return new PerfmockError(
    "SESSION_UNKNOWN",
    `Cannot find a session "${name}": it has expired, was deleted, or never existed`,
  );
}

/** End of the host names of sessions. */
const SUFFIX = ".localhost";

/**
 * Name of a session in the host of a URL, such as `w1` of `http://w1.localhost:8080/` and `https://w1.perfmock.localhost/`; undefined
 * if there is none. Host names are compared without case, and may end with a dot.
 */
export function nameInHost(url: string): string | undefined {
  const start = url.indexOf("//") + 2;
  let end = start;
  while (end < url.length && !isDelimiter(url.charCodeAt(end))) end++;
  if (url.charCodeAt(end - 1) === DOT) end--;
  const length = end - start - SUFFIX.length;
  // Most hosts have no such suffix: they are recognised without a copy.
  if (length <= 0 || url.charCodeAt(start + length) !== DOT) return undefined;
  const host = url.slice(start, end).toLowerCase();
  // OpenSSL and Node accept no certificate for *.localhost, but one for *.perfmock.localhost.
  const name = host.slice(0, length).replace(/\.perfmock$/, "");
  return host.endsWith(SUFFIX) && SESSION_NAME.test(name) ? name : undefined;
}

const DOT = 46;

/** Returns true for the characters after a host: `:`, `/`, `?` and `#`. */
function isDelimiter(character: number): boolean {
  return character === 58 || character === 47 || character === 63 ||
    character === 35;
}
