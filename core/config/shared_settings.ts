/**
 * Settings of the state that several servers share, `shared`.
 *
 * @module
 */
import { z } from "zod";
import type { OnLost } from "../contract/shared.ts";
import type { Kit, Schema } from "../contract/values.ts";
import { worded } from "./worded.ts";
import { valueInWords } from "./words.ts";

/** State that several servers share, as users write it. */
export interface SharedInput {
  /** URL of Redis or Valkey, such as "redis://127.0.0.1:6379/0", or "rediss://" with TLS. */
  readonly redis: string;
  /** Text that the names of all keys begin with, in braces: servers with the same one share. Default "perfmock". */
  readonly prefix?: string;
  /** Behaviour while Redis does not answer. Default "divide". */
  readonly onLost?: OnLost;
  /** Time after which the leases of a server that does not answer any more return. Default "10s". */
  readonly leaseTime?: string | number;
}

/** State that several servers share, with defaults filled in. */
export interface SharedSettings {
  /** URL of Redis or Valkey. */
  readonly redis: string;
  /** Text that the names of all keys begin with, in braces. */
  readonly prefix: string;
  /** Behaviour while Redis does not answer. */
  readonly onLost: OnLost;
  /** Time after which the leases of a server that does not answer any more return, in ms. */
  readonly leaseTime: number;
}

/** Shortest lease time, in ms: a server that is busy for a moment must not lose its leases. */
const SHORTEST_LEASE = 500;

/** Longest lease time, in ms: nobody waits longer for the places of a server that has died. */
const LONGEST_LEASE = 600_000;

const FORM = 'a URL such as "redis://127.0.0.1:6379" or "rediss://" with TLS';

/** Makes the type of the setting `shared`. */
export function sharedType(kit: Kit): Schema<SharedSettings> & z.ZodType {
  return z.strictObject(worded({
    redis: REDIS_URL,
    prefix: PREFIX.default("perfmock"),
    onLost: z.enum(["divide", "open", "closed"]).default("divide"),
    leaseTime: kit.duration({ min: SHORTEST_LEASE, max: LONGEST_LEASE })
      .default(10_000),
  }, {
    redis:
      "URL of Redis or Valkey, with user and password where there are any, and the number of the database as its path",
    prefix:
      "Text that the names of all keys begin with, in braces: servers with the same one share",
    onLost:
      "Behaviour while Redis does not answer: each replica uses its share of a limit (divide), no limit holds (open), or nothing is admitted (closed)",
    leaseTime:
      "Time after which the leases of a replica that does not answer any more return",
  })) as unknown as Schema<SharedSettings> & z.ZodType;
}

const REDIS_URL = z.string().superRefine((text, context) => {
  const url = URL.parse(text);
  const schemed = url !== null && /^rediss?:$/.test(url.protocol);
  const plain = schemed && url.search === "" && url.hash === "";
  if (plain && url.hostname !== "" && /^(\/\d*)?$/.test(url.pathname)) return;
  const meant = schemed ? undefined : `redis://${text}`;
  context.addIssue({
    code: "custom",
    message: schemed
      ? `Cannot read the URL of Redis: ${
        url.hostname === ""
          ? "it names no host"
          : plain
          ? "its path must be the number of a database"
          : `it has no parameters, and ${
            JSON.stringify(
              [...url.searchParams.keys()][0] ?? url.hash.slice(1),
            )
          } is none`
      }`
      // The text may contain a password.
      : "Cannot read the URL of Redis: it must begin with redis:// or rediss://",
    params: {
      allowed: FORM,
      ...meant !== undefined && /^[\w.-]+(:\d+)?$/.test(text) &&
        { suggestion: meant },
    },
  });
}).meta({ description: FORM });

const PREFIX = z.string().regex(/^[\x21-\x7a|~]{1,100}$/, {
  error: (issue) =>
    `Must consist of 1 to 100 visible ASCII characters other than braces, received ${
      valueInWords(issue.input)
    }`,
}).meta({ description: 'a text such as "perfmock-checkout", without braces' });
