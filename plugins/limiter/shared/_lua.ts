/**
 * Parts that the limiter's scripts in Redis have in common: the clock, and the time of grace after a loss.
 *
 * All times are in microseconds since the epoch of the prefix, which begins when the first replica joins an empty Redis.
 *
 * @module
 */
import type { SharedStore } from "../../../core/plugin.ts";

/** Times of the protocol between replicas and Redis, all of them in ms. */
export interface SharedTimes {
  /** Time between two signs of life of a replica. */
  readonly beat: number;
  /** Longest silence of all replicas that means nothing; after a longer one Redis may have been out of reach. */
  readonly silence: number;
  /** Time from the last sign of life on after which a replica decides by itself. */
  readonly patience: number;
  /** Time after a loss in which replicas come back, before one of them may get the places of others. */
  readonly grace: number;
  /** The same time in a Redis that is empty, as long as nobody has come back who knew it before. */
  readonly fresh: number;
  /** Time from its last sign of life on after which a replica counts as dead. */
  readonly life: number;
}

/** Longest time between two signs of life, in ms. */
const LONGEST_BEAT = 200;

/** Number of signs of life in the shortest lease time that there is. */
const BEATS_IN_LEASE = 10;

/**
 * Derives the times from the lease time.
 *
 * A replica that decides by itself has heard nothing for `patience`, which is longer than `silence` by more than a beat. So Redis
 * was silent for longer than `silence` whenever all replicas may have decided by themselves, and grants nothing until they are back.
 * The dead are found with the next sign of life of another replica: their leases return within the lease time.
 */
export function timesFor(
  { leaseTime, answerTime }: Pick<SharedStore, "answerTime" | "leaseTime">,
): SharedTimes {
  const beat = Math.min(LONGEST_BEAT, leaseTime / BEATS_IN_LEASE);
  const life = leaseTime - 1.5 * beat;
  return {
    beat,
    silence: 1.25 * beat,
    patience: Math.max(answerTime, 2.5 * beat),
    grace: Math.min(10 * beat, life),
    fresh: 2.5 * beat,
    life,
  };
}

/**
 * Reads the clock. Its keys: 1, the hash with the state of all; 2, the members with the times of their deaths; 3, the names of those
 * that are awaited after a loss. Its arguments: 1, the longest silence; 2, the time of grace.
 *
 * `blank` is the end of the grace of a Redis that was emptied: what others hold is not known until they are back.
 *
 * The clock goes on where that of Redis is set back. A silence, or a clock that is set forward, begins a time of grace: no
 * member dies in it, and none that is awaited loses its places. A member that did not come back in one is not awaited in the next.
 */
export const CLOCK = `
local function digits(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local raw = time[1] * 1000000 + time[2]
local state = redis.call('HMGET', KEYS[1], 'raw', 'offset', 'grace', 'number', 'deaths', 'spent', 'blank')
local last = tonumber(state[1])
local offset = tonumber(state[2] or 0)
local grace = tonumber(state[3] or 0)
local number = state[4] or '0'
local deaths = state[5] or '0'
local spent = tonumber(state[6] or 0)
local blank = tonumber(state[7] or 0)
local now = 0
if last then
  if raw <= last then offset = offset + last - raw + 1 end
  now = raw + offset
  if raw - last > tonumber(ARGV[1]) then
    local former = grace
    grace = now + tonumber(ARGV[2])
    number = digits(now)
    for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
      local death = tonumber(redis.call('ZSCORE', KEYS[2], member))
      if death ~= former then
        if death < grace then redis.call('ZADD', KEYS[2], digits(grace), member) end
        redis.call('SADD', KEYS[3], string.match(member, '^(.*)%.'))
      end
    end
    redis.call('HSET', KEYS[1], 'grace', digits(grace), 'number', number)
  end
  redis.call('HSET', KEYS[1], 'raw', digits(raw), 'offset', digits(offset))
end
local function gracious()
  return now < grace and redis.call('SCARD', KEYS[3]) > 0
end
`;

/** Converts ms to the whole microseconds of a script. */
export function microseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000);
}
