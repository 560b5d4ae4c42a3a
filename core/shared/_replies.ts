/**
 * Errors of Redis and of the way to it, in words, and the demands on a Redis that servers share.
 *
 * @module
 */

/** Oldest version that can be used: from it on, a script may read the server's time before it writes. */
export const OLDEST_VERSION = "5.0.0";

/** First words of error replies that say that Redis cannot be used now, with the reason in words. */
const REPLIES: Readonly<Record<string, string>> = {
  BUSY: "a script of somebody else keeps it busy",
  CLUSTERDOWN: "its cluster is down",
  LOADING: "it is still loading its data",
  MASTERDOWN: "it is a replica that has lost its master",
  MISCONF: "it cannot save its data to disk, and so takes no writes",
  MOVED: "it is a node of a cluster that does not hold the keys of this prefix",
  NOAUTH: "it asks for a password, which the URL does not have",
  NOPERM:
    "its user may not do what is needed: run scripts, read and write the keys of the prefix, publish and subscribe, and INFO",
  NODB:
    "it has no database of the number in the URL: the setting databases says how many there are, and a cluster has 0 alone",
  NOREPLICAS: "it has too few replicas, and so takes no writes",
  NOSCRIPT: "it forgets its scripts at once",
  OOM: "it has reached its maxmemory, and so takes no writes",
  READONLY:
    "it is a replica, which takes no writes: the URL must name the master",
  WRONGPASS: "it refuses the user or the password of the URL",
  WRONGTYPE:
    "a key of this prefix holds something else: another program uses the prefix",
};

/** Codes of errors of the system, in words. */
const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "its host cannot be reached",
  ENETUNREACH: "its network cannot be reached",
  ENOTFOUND: "there is no host of this name",
  EPIPE: "the connection was closed",
  ETIMEDOUT: "it did not answer in time",
};

const WORD = new RegExp(`(?:^|-|: )(${Object.keys(REPLIES).join("|")})\\b`);

/** Words of a reply about a right that is missing: scripts have no first word for it. */
const DENIED =
  /^NOPERM|ACL failure|can't (run this command|publish to the channel|access at least one of the keys)|has no permissions/;

/** Words of a reply about a database that does not exist. */
const NO_DATABASE = /DB index is out of range|SELECT is not allowed/;

/** Returns whether a reply says that the user lacks a right. */
export function isDenied(text: string): boolean {
  return DENIED.test(text.replace(/^[A-Z]+ (?=ERR|NOPERM)/, ""));
}

/** Returns the first word of the error reply within an error; undefined if there is none that is known. */
export function replyIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const word = WORD.exec(error.message)?.[1];
  if (word !== undefined) return word;
  return isDenied(error.message)
    ? "NOPERM"
    : NO_DATABASE.test(error.message)
    ? "NODB"
    : undefined;
}

/** Says why Redis cannot be used: a clause that goes on after a colon. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const reply = replyIn(error);
  if (reply !== undefined) return REPLIES[reply];
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && Object.hasOwn(CODES, code)) {
    return CODES[code];
  }
  if (/connection is closed|stream isn't writeable/i.test(error.message)) {
    return "the connection was closed";
  }
  return error.message.split("\n", 1)[0];
}

/** Address of the node that a cluster's reply names, as host and port; undefined for other errors. */
export function movedTo(
  error: unknown,
): { readonly host: string; readonly port: number } | undefined {
  if (!(error instanceof Error)) return undefined;
  const found = /\bMOVED \d+ (\S*):(\d+)/.exec(error.message);
  return found === null
    ? undefined
    : { host: found[1], port: Number(found[2]) };
}

/** Facts about a Redis, from its command INFO. */
export interface RedisFacts {
  /** Version. */
  readonly version: string;
  /** Name of the program and its version, such as "Valkey 8.1.1". */
  readonly program: string;
  /** Errors for which it cannot be used, as clauses; empty if it can. */
  readonly refusals: readonly string[];
  /** Settings that endanger what is shared, one sentence each. */
  readonly warnings: readonly string[];
}

/** Reads the answer of INFO. */
export function factsIn(info: string): RedisFacts {
  const fields = new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(":");
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
  const version = fields.get("redis_version") ?? "";
  const valkey = fields.get("valkey_version");
  const program = valkey === undefined
    ? `Redis ${version || "of an unknown version"}`
    : `Valkey ${valkey}`;
  const refusals: string[] = [];
  // Each Valkey is younger than that.
  if (valkey === undefined && isOlder(version, OLDEST_VERSION)) {
    refusals.push(
      `it is ${program}, and at least ${OLDEST_VERSION} is needed, since older ones let no script write after it has read the time`,
    );
  }
  if (fields.get("role") === "slave") refusals.push(REPLIES.READONLY);
  if (fields.get("loading") === "1") refusals.push(REPLIES.LOADING);
  const policy = fields.get("maxmemory_policy") ?? "noeviction";
  const limited = Number(fields.get("maxmemory") ?? 0) > 0;
  const warnings = limited && policy !== "noeviction"
    ? [
      `Redis may drop shared state at its maxmemory (maxmemory-policy ${policy}): noeviction keeps it`,
    ]
    : [];
  return { version, program, refusals, warnings };
}

function isOlder(version: string, than: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, wanted] of than.split(".").map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return !(part > wanted);
  }
  return false;
}
