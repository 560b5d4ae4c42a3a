/**
 * Script of a shared pool: takes a list of steps, in the order in which a replica has made them.
 *
 * @module
 */
import type { SharedScript } from "../../../core/plugin.ts";
import { CLOCK } from "./_lua.ts";

/** Separates the parts of a queued request: time of its arrival, member, ticket, priority. */
export const SEPARATOR = "|";

/** Number of digits of the time of an arrival, by which the requests of a queue are ordered. */
export const DIGITS = 17;

/**
 * Keys: 4, the hash of the pool; 5, the numbers of places that each member holds, and `<member>#`, the number of those that it was
 * sent word of; 6, the queue.
 *
 * Arguments: 3, the member; 4, the beginning of the channels' names; 5, the number of places; 6, the maximum number of queued
 * requests, -1 for no limit; 7, the discipline; 8, the member's share of the places while others are awaited; 9, a seed of random
 * numbers; 10, the name of the pool. Then the steps, each a letter and its arguments:
 *
 * - `a` ticket, priority, time of its arrival or -1 for now, `1` to queue it in any case: asks for a place. Result: 0 for a place, else the
 *   time of the arrival with which it was queued, or -1 if the queue is full
 * - `r` time since which it is free, or -1 for now: gives a place back
 * - `l` queued request: leaves the queue. Result: 1, or 0 if it was not there, and so has got a place
 * - `p` queued request: looks for it. Result as before
 * - `g`: result: the number of places of which word was sent
 * - `s` former member, number of places: takes over what the former one holds, of which the member has this many left
 * - `d` number of places, length of the queue: values that dials set for all replicas, or empty texts
 *
 * A place that becomes free goes to the first of the queue before anybody else can have it. No place is given while as many are
 * taken as there are, whoever holds them.
 *
 * Answer: number of the grace, time, busy places, queued requests, number of places, length of the queue, ends of service under
 * saturation, saturated time, deaths; then the list of results; then tickets of the member that have got a place from the queue,
 * each with the time since which it is free.
 */
export const POOL: SharedScript = {
  name: "pool",
  source: `${CLOCK}
local me = ARGV[3]
if not last or not redis.call('ZSCORE', KEYS[2], me) then return {'unknown'} end
local pool = redis.call('HMGET', KEYS[4], 'busy', 'deaths', 'discipline', 'last', 'since', 'area', 'ends', 'places', 'room', 'by')
local busy = tonumber(pool[1] or 0)
local discipline = ARGV[7]
local arrived = tonumber(pool[4] or 0)
local since = tonumber(pool[5] or 0)
local area = tonumber(pool[6] or 0)
local ends = tonumber(pool[7] or 0)
local by = pool[10] or ''
local held = tonumber(redis.call('HGET', KEYS[5], me) or 0)
local before = held
local queued = redis.call('ZCARD', KEYS[6])

local function memberOf(entry) return (string.match(entry, '^%d+|([^|]*)|')) end
local function withdraw(lives)
  for _, entry in ipairs(redis.call('ZRANGE', KEYS[6], 0, -1)) do
    if not lives(memberOf(entry)) then queued = queued - redis.call('ZREM', KEYS[6], entry) end
  end
end

if (pool[2] or '0') ~= deaths then
  local alive = {}
  for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do alive[member] = true end
  local all = redis.call('HGETALL', KEYS[5])
  for i = 1, #all, 2 do
    local member = string.gsub(all[i], '#$', '')
    if not alive[member] then
      if member == all[i] then busy = busy - all[i + 1] end
      redis.call('HDEL', KEYS[5], all[i])
    end
  end
  if queued > 0 then withdraw(function(member) return alive[member] end) end
  if by ~= '' and not alive[by] then
    by = ''
    redis.call('HDEL', KEYS[4], 'places', 'room', 'by')
  end
end

local places, room = tonumber(ARGV[5]), tonumber(ARGV[6])
local function limits(overPlaces, overRoom)
  if by ~= '' and overPlaces and overPlaces ~= '' then places = tonumber(overPlaces) else places = tonumber(ARGV[5]) end
  if by ~= '' and overRoom and overRoom ~= '' then room = tonumber(overRoom) else room = tonumber(ARGV[6]) end
  if places < 0 then places = math.huge end
  if room < 0 then room = math.huge end
end
limits(pool[8], pool[9])

local restricted = gracious()
local share = tonumber(ARGV[8])
if share < 0 then share = math.huge end
-- What those who are awaited hold is not known in a Redis that was emptied.
if now < blank then share = 0 end

local function scoreOf(time, priority)
  if discipline == 'lifo' then return digits(-time) end
  if discipline == 'priority' then return priority end
  return '0'
end
if pool[3] and pool[3] ~= discipline and queued > 0 then
  for _, entry in ipairs(redis.call('ZRANGE', KEYS[6], 0, -1)) do
    local time, priority = string.match(entry, '^(%d+)|[^|]*|[^|]*|(.*)$')
    redis.call('ZADD', KEYS[6], scoreOf(tonumber(time), priority), entry)
  end
end
if discipline == 'random' then math.randomseed(tonumber(ARGV[9])) end

local function saturation()
  if busy >= places then
    if since == 0 then since = now end
  elseif since > 0 then
    area = area + now - since
    since = 0
  end
end

local function past(time)
  if time == '-1' then return now end
  return math.max(0, math.min(now, tonumber(time)))
end

local granted = {}
local function fill(free)
  while busy < places and queued > 0 do
    local rank = 0
    if discipline == 'random' then rank = math.random(0, queued - 1) end
    local entry = redis.call('ZRANGE', KEYS[6], rank, rank)[1]
    local member, ticket = string.match(entry, '^%d+|([^|]*)|([^|]*)|')
    if restricted and (member ~= me or held >= share) then return end
    redis.call('ZREM', KEYS[6], entry)
    queued = queued - 1
    busy = busy + 1
    if member == me then
      held = held + 1
      granted[#granted + 1] = ticket
      granted[#granted + 1] = free
    else
      redis.call('HINCRBY', KEYS[5], member, 1)
      redis.call('HINCRBY', KEYS[5], member .. '#', 1)
      local name, number = string.match(member, '^(.*)%.(%d+)$')
      redis.call('PUBLISH', ARGV[4] .. name, number .. '|' .. ticket .. '|' .. digits(free) .. '|' .. ARGV[10])
    end
  end
end

local results = {}
local i = 11
while i <= #ARGV do
  local step = ARGV[i]
  if step == 'a' then
    local ticket, priority = ARGV[i + 1], ARGV[i + 2]
    if busy < places and queued == 0 and (not restricted or held < share) then
      busy = busy + 1
      held = held + 1
      results[#results + 1] = 0
    elseif queued < room or ARGV[i + 4] == '1' then
      local time = past(ARGV[i + 3])
      if time == now then
        if time <= arrived then time = arrived + 1 end
        arrived = time
      end
      redis.call('ZADD', KEYS[6], scoreOf(time, priority), string.format('%017.0f', time) .. '|' .. me .. '|' .. ticket .. '|' .. priority)
      queued = queued + 1
      results[#results + 1] = time
      fill(now)
    else
      results[#results + 1] = -1
    end
    i = i + 5
  elseif step == 'r' then
    if held > 0 then
      if since > 0 then ends = ends + 1 end
      held = held - 1
      busy = busy - 1
      fill(past(ARGV[i + 1]))
      saturation()
    end
    i = i + 2
  elseif step == 'l' then
    local removed = redis.call('ZREM', KEYS[6], ARGV[i + 1])
    queued = queued - removed
    results[#results + 1] = removed
    i = i + 2
  elseif step == 'p' then
    results[#results + 1] = redis.call('ZSCORE', KEYS[6], ARGV[i + 1]) and 1 or 0
    i = i + 2
  elseif step == 'g' then
    results[#results + 1] = tonumber(redis.call('HGET', KEYS[5], me .. '#') or 0)
    i = i + 1
  elseif step == 's' then
    local former, count = ARGV[i + 1], tonumber(ARGV[i + 2])
    if former ~= '' then
      busy = busy - (redis.call('HGET', KEYS[5], former) or 0)
      redis.call('HDEL', KEYS[5], former, former .. '#')
      withdraw(function(member) return member ~= former end)
    end
    busy = busy - held + count
    held = count
    i = i + 3
  else
    local overPlaces, overRoom = ARGV[i + 1], ARGV[i + 2]
    if overPlaces == '' and overRoom == '' then
      if by == me or by == '' then
        by = ''
        redis.call('HDEL', KEYS[4], 'places', 'room', 'by')
        limits()
      end
    else
      by = me
      redis.call('HSET', KEYS[4], 'places', overPlaces, 'room', overRoom, 'by', me)
      limits(overPlaces, overRoom)
    end
    i = i + 3
  end
  saturation()
end
fill(now)
saturation()

if held ~= before then
  if held > 0 then redis.call('HSET', KEYS[5], me, held) else redis.call('HDEL', KEYS[5], me) end
end
redis.call('HSET', KEYS[4], 'busy', busy, 'deaths', deaths, 'discipline', discipline, 'last', digits(arrived), 'since', digits(since), 'area', digits(area), 'ends', ends)
for key = 4, 6 do redis.call('EXPIRE', KEYS[key], 86400) end
local function limit(value) if value == math.huge then return -1 end return value end
return {number, now, busy, queued, limit(places), limit(room), ends, since > 0 and area + now - since or area, deaths, results, granted}`,
};
