/**
 * Script of a shared rate limit: takes some of a quota on the clock of Redis, by each of the algorithms that rate limits in memory
 * have.
 *
 * @module
 */
import type { SharedScript } from "../../../core/plugin.ts";
import { CLOCK } from "./_lua.ts";

/**
 * Keys: 4, the meter. Arguments: 3, the algorithm; 4, the burst; 5, the window; 6, the cost; 7, the tolerance for rounding.
 *
 * Where replicas have decided by themselves, or Redis has lost its data, all of the quota counts as spent at the moment of their
 * return: what was spent until then is not known.
 *
 * Answer: time until it could be taken, 0 where it was; remaining quota; time until more of it is available.
 */
export const RATE: SharedScript = {
  name: "rate",
  source: `${CLOCK}
if not last then return {'unknown'} end
local burst, window, cost, tolerance = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local key = KEYS[4]
local function kept(till)
  redis.call('PEXPIRE', key, math.ceil(math.max(0, till - now) / 1000) + 1000)
end
local algorithm = ARGV[3]
if algorithm == 'token-bucket' then
  local each = window / burst
  local full = tonumber(redis.call('GET', key) or 0)
  if spent > 0 then full = math.max(full, spent + window) end
  local taken = math.max(now, full) + cost * each
  local wait = taken - now - window
  if wait <= tolerance then
    wait = 0
    full = taken
    redis.call('SET', key, string.format('%.3f', full))
    kept(full)
  end
  local missing = math.max(0, full - now) / each
  local remaining = math.max(0, math.floor(burst - missing + 1e-6))
  local others = burst - remaining - 1
  local following = 0
  if others >= 0 then following = math.max(0, (missing - others) * each) end
  return {math.ceil(wait), remaining, math.ceil(following)}
end
if algorithm == 'sliding-window' then
  redis.call('ZREMRANGEBYSCORE', key, '-inf', digits(now + tolerance - window))
  local used = redis.call('ZCARD', key)
  local wait = 0
  if spent > 0 and spent + window > now + tolerance then
    return {spent + window - now, 0, spent + window - now}
  end
  local function leaves(rank)
    return tonumber(redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')[2]) + window - now
  end
  if used + cost > burst then
    wait = leaves(used + cost - burst - 1)
  else
    for unit = 1, cost do redis.call('ZADD', key, digits(now), digits(now) .. '.' .. unit) end
    used = used + cost
    kept(now + window)
  end
  return {math.ceil(wait), burst - used, used > 0 and math.ceil(leaves(0)) or 0}
end
local window_number = math.floor((now + tolerance) / window)
local meter = redis.call('HMGET', key, 'window', 'used')
local used = 0
if tonumber(meter[1]) == window_number then used = tonumber(meter[2]) end
if spent > 0 and math.floor((spent + tolerance) / window) == window_number then used = burst end
local left = (window_number + 1) * window - now
local wait = 0
if used + cost > burst then
  wait = left
else
  used = used + cost
  redis.call('HSET', key, 'window', digits(window_number), 'used', used)
  kept(now + left)
end
return {math.ceil(wait), burst - used, used > 0 and math.ceil(left) or 0}`,
};
