/**
 * Scripts with which a replica joins the others, shows that it lives, and leaves.
 *
 * A member is `<name of the replica>.<number of its incarnation>`. A replica that was lost comes back as a new incarnation, so that
 * nothing that it sent before can have an effect afterwards.
 *
 * @module
 */
import type { SharedScript } from "../../../core/plugin.ts";
import { CLOCK } from "./_lua.ts";

/**
 * Joins. Arguments: 3, the member; 4, its time to live; 5, `1` if it has lost Redis before; 6, `1` if it has decided about rate
 * limits by itself meanwhile; 7, the time of grace where nobody has known this Redis before; further ones, the names of the replicas
 * that it knew then.
 *
 * An empty Redis that a replica has known before has lost what others hold: they are awaited, and nobody gets a place until they are
 * back. If nobody knows, they may still come.
 *
 * Answer: number of the grace, time left of it, deaths, time, end of the grace after Redis was emptied last, 0 if it was not.
 */
export const JOIN: SharedScript = {
  name: "join",
  source: `${CLOCK}
local back = ARGV[5] == '1'
if not last then
  now = 1000000
  offset = now - raw
  grace = now + tonumber(ARGV[7])
  number = digits(raw)
  redis.call('DEL', KEYS[3])
  redis.call('SADD', KEYS[3], '?')
  redis.call('HSET', KEYS[1], 'raw', digits(raw), 'offset', digits(offset), 'grace', digits(grace), 'number', number, 'deaths', '0')
  if back then redis.call('HSET', KEYS[1], 'spent', digits(now)) end
end
if back and now < grace and redis.call('SREM', KEYS[3], '?') == 1 then
  for i = 8, #ARGV do redis.call('SADD', KEYS[3], ARGV[i]) end
  grace = now + tonumber(ARGV[2])
  blank = grace
  redis.call('HSET', KEYS[1], 'spent', digits(now), 'grace', digits(grace), 'blank', digits(grace))
end
if ARGV[6] == '1' then redis.call('HSET', KEYS[1], 'spent', digits(now)) end
redis.call('ZADD', KEYS[2], digits(now + ARGV[4]), ARGV[3])
return {number, math.max(0, grace - now), deaths, now, blank}`,
};

/**
 * Shows that a member lives. Arguments: 3, the member; 4, its time to live; 5, its name; 6, the number of the last grace that it
 * knows; 7, its former incarnation, whose leases it has taken over by now, or an empty text.
 *
 * Answer: number of the grace, `1` while it lasts, deaths, time, names of the members and of those that are awaited; the text `unknown`
 * alone for a member that Redis does not know, or no longer.
 */
export const BEAT: SharedScript = {
  name: "beat",
  source: `${CLOCK}
if not last or not redis.call('ZSCORE', KEYS[2], ARGV[3]) then return {'unknown'} end
redis.call('ZADD', KEYS[2], digits(now + ARGV[4]), ARGV[3])
if ARGV[6] == number then redis.call('SREM', KEYS[3], ARGV[5]) end
local dead = 0
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. digits(now))) do
  redis.call('SREM', KEYS[3], string.match(member, '^(.*)%.'))
  dead = dead + redis.call('ZREM', KEYS[2], member)
end
if ARGV[7] ~= '' then dead = dead + redis.call('ZREM', KEYS[2], ARGV[7]) end
if dead > 0 then deaths = redis.call('HINCRBY', KEYS[1], 'deaths', dead) end
local names, known = {}, { ['?'] = true }
local function note(name)
  if not known[name] then names[#names + 1] = name end
  known[name] = true
end
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do note(string.match(member, '^(.*)%.')) end
-- Those who are awaited have their share of what is divided, should Redis be lost again before they are back.
if now < grace then
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[3])) do note(name) end
end
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], 86400) end
return {number, gracious() and 1 or 0, tostring(deaths), now, names}`,
};

/** Leaves. Argument 3: the member, whose leases return. */
export const LEAVE: SharedScript = {
  name: "leave",
  source: `${CLOCK}
if last and redis.call('ZREM', KEYS[2], ARGV[3]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'deaths', 1)
end
return 1`,
};
