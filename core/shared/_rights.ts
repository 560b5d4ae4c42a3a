/**
 * Rights that the user of a Redis with access control lists needs: they are tried at the start, so that none is missed in the middle
 * of an experiment.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { isDenied, replyIn } from "./_replies.ts";

/** Names that the rights are tried with, all with the prefix. */
export interface RightsOptions {
  /** Beginning of all keys and channels. */
  readonly prefix: string;
  /** Channel to try subscriptions with. */
  readonly channel: string;
}

/** Commands that the scripts run, by the key that they are tried with: a key holds one type. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  text: ["SET 1", "GET", "INCR", "EXISTS", "EXPIRE 60", "PEXPIRE 60000", "DEL"],
  hash: [
    ...["HSET a 1", "HGET a", "HMGET a b", "HVALS", "HGETALL", "HKEYS", "HLEN"],
    ...["HINCRBY a 1", "HDEL a", "DEL"],
  ],
  set: ["SADD a", "SISMEMBER a", "SMEMBERS", "SCARD", "SREM a", "DEL"],
  order: [
    ...["ZADD 1 a", "ZSCORE a", "ZCARD", "ZRANGE 0 -1", "ZREM a"],
    ...["ZRANGEBYSCORE 0 1", "ZREMRANGEBYSCORE 0 1", "DEL"],
  ],
  list: ["RPUSH a", "LLEN", "LPOP", "DEL"],
};

/** Commands of the scripts. */
export const TRIED: ReadonlySet<string> = new Set([
  "TIME",
  "PUBLISH",
  ...Object.values(COMMANDS).flat().map((command) => command.split(" ", 1)[0]),
]);

/** Tries all commands. Answer: names of those that the user may not run, each with the reason after a space. */
const SOURCE = `
local denied = {}
local function try(name, ...)
  local answer = redis.pcall(name, ...)
  local text = type(answer) == 'table' and answer.err
  if text then table.insert(denied, name .. ' ' .. text) end
end
try('TIME')
try('PUBLISH', ARGV[1], '')
for index = 2, #ARGV do
  local words = {}
  for word in string.gmatch(ARGV[index], '%S+') do table.insert(words, word) end
  local key = KEYS[tonumber(table.remove(words, 1))]
  try(table.remove(words, 1), key, unpack(words))
end
return denied`;

/**
 * Tries what scripts need.
 *
 * @returns what the user may not do, as phrases
 * @throws the error of a Redis that refuses for another reason
 */
export async function missingForScripts(
  redis: Redis,
  { prefix, channel }: RightsOptions,
): Promise<string[]> {
  const missing = await tried("run INFO", () => redis.info());
  const keys = Object.keys(COMMANDS).map((type) => `${prefix}rights:${type}`);
  const steps = Object.values(COMMANDS).flatMap((commands, index) =>
    commands.map((command) => `${index + 1} ${command}`)
  );
  const denied = new Set<string>();
  missing.push(
    ...await tried(
      `run EVAL, or use all keys that begin with ${prefix}`,
      async () => {
        const answer = await redis.eval(
          SOURCE,
          keys.length,
          ...keys,
          channel,
          ...steps,
        );
        for (const line of Array.isArray(answer) ? answer.map(String) : []) {
          const [name] = line.split(" ", 1);
          if (TRIED.has(name) && isDenied(line)) {
            denied.add(
              /channel/.test(line)
                ? `publish to channels that begin with ${prefix}`
                : name,
            );
          }
        }
      },
    ),
  );
  return [
    ...missing,
    ...denied.size > 0 ? [`run in scripts: ${[...denied].join(", ")}`] : [],
  ];
}

/** Tries what a connection for messages needs; returns what the user may not do, as phrases. */
export async function missingForMessages(
  redis: Redis,
  { prefix, channel }: RightsOptions,
): Promise<string[]> {
  return await tried(
    `SUBSCRIBE and UNSUBSCRIBE, for channels that begin with ${prefix}`,
    async () => {
      await redis.subscribe(channel);
      await redis.unsubscribe(channel);
    },
  );
}

async function tried(
  what: string,
  operation: () => Promise<unknown>,
): Promise<string[]> {
  try {
    await operation();
    return [];
  } catch (error) {
    if (replyIn(error) !== "NOPERM") throw error;
    return [what];
  }
}
