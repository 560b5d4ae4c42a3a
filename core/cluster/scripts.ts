/**
 * The register and the ballots as scripts of Redis: each is one atomic step on the server, by the server's clock.
 *
 * @module
 */

/** Names of the keys, in the order in which the scripts take them. */
export const KEYS = [
  "state",
  "ballot",
  "replicas",
  "seen",
  "votes",
  "outcomes",
  "order",
  "gone",
] as const;

/** Number of ballots whose outcome is remembered, for replicas that ask late. */
const REMEMBERED = 1000;

/** Maximum number of replicas that are remembered as gone. */
const MOST_GONE = 100;

/** Time for which the keys are kept without any replica, in ms: a day. */
const KEPT = 86_400_000;

/** Begins each script: ARGV holds the channel, the time after which a replica is dead, the time of a ballot, and arguments of its own. */
const COMMON = `
local state, ballot, replicas, seen, votes, outcomes, order, gone = unpack(KEYS)
local channel, dead, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function say(message)
  redis.call('PUBLISH', channel, cjson.encode(message))
end

local function remove(names)
  for _, name in ipairs(names) do
    local text = redis.call('HGET', replicas, name)
    if text and redis.call('HLEN', gone) < ${MOST_GONE} then
      redis.call('HSET', gone, name, cjson.decode(text).process)
    end
    redis.call('ZREM', seen, name)
    redis.call('HDEL', replicas, name)
  end
end

-- A replica last seen in the future was seen before the clock was set back.
local function sweep()
  remove(redis.call('ZRANGEBYSCORE', seen, '-inf', now - dead))
  remove(redis.call('ZRANGEBYSCORE', seen, now + dead, '+inf'))
end

local function known(name, process)
  local text = redis.call('HGET', replicas, name)
  return text and cjson.decode(text).process == process
end

local function enter(name, text)
  redis.call('HSET', replicas, name, text)
  redis.call('ZADD', seen, now, name)
  for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, ${KEPT})
  end
end

local function serial()
  return tonumber(redis.call('HGET', state, 'serial') or 0)
end

local function set(number, fields)
  redis.call('HSET', state, 'serial', number, 'revision', fields[1], 'base', fields[2],
    'configuration', fields[3], 'digest', fields[4], 'document', fields[5])
end

local function settle(id, outcome)
  redis.call('HSET', outcomes, id, outcome)
  redis.call('RPUSH', order, id)
  while redis.call('LLEN', order) > ${REMEMBERED} do
    redis.call('HDEL', outcomes, redis.call('LPOP', order))
  end
  redis.call('DEL', ballot, votes)
end

local function refuse(id, by, reason)
  settle(id, '{"kind":"refused","by":' .. cjson.encode(by) .. ',"reason":' .. reason .. '}')
  say({ kind = 'refused', id = id })
end

local function commit(id)
  local number = serial() + 1
  set(number, redis.call('HMGET', ballot, 'revision', 'base', 'configuration', 'digest', 'document'))
  settle(id, cjson.encode({ kind = 'committed', serial = number }))
  say({ kind = 'committed', id = id, serial = number })
end

-- Ends the ballot if all replicas that were asked and live have voted, or if its time has passed.
local function count()
  local id, electors, start = unpack(redis.call('HMGET', ballot, 'id', 'electors', 'start'))
  if not id then return end
  local silent
  for _, elector in ipairs(cjson.decode(electors)) do
    if redis.call('SISMEMBER', votes, elector[1]) == 0 and known(elector[1], elector[2]) then
      silent = elector[1]
    end
  end
  if not silent then
    commit(id)
  elseif now >= start + limit or now < start - limit then
    refuse(id, silent, '{"code":"SILENT","message":"","issues":[]}')
  end
end

local function withReplicas(answer)
  for _, text in ipairs(redis.call('HVALS', replicas)) do
    table.insert(answer, text)
  end
  return answer
end

local function countOf(segment)
  return string.match(segment, '/(%d+)$') or ''
end
`;

/** Scripts by name. */
export const SCRIPTS = {
  join: `${COMMON}
local name, process, segment, version, base, text, own = unpack(ARGV, 4, 10)
own = tonumber(own)
sweep()
count()
if redis.call('EXISTS', ballot) == 1 then return { 'busy' } end
local conflicts, other = { 'conflict' }, nil
local function against(kind, entry)
  table.insert(conflicts, kind)
  table.insert(conflicts, entry)
end
for _, entry in ipairs(redis.call('HVALS', replicas)) do
  local replica = cjson.decode(entry)
  if replica.name ~= name or replica.process ~= process then
    other = entry
    if replica.name == name then against('name', entry) end
    if segment ~= '' and replica.segment == segment then
      against('segment', entry)
    elseif countOf(replica.segment) ~= countOf(segment) then
      against('count', entry)
    end
    if replica.version ~= version then against('version', entry) end
  end
end
local present = serial()
local base_now, configuration_now, revision_now =
  unpack(redis.call('HMGET', state, 'base', 'configuration', 'revision'))
if own == 0 and other and base_now and base_now ~= base and configuration_now ~= base then
  against('configuration', other)
end
if #conflicts > 1 then return conflicts end
local fields = { unpack(ARGV, 11, 15) }
if own > present then
  set(own, fields)
  say({ kind = 'raised', serial = own })
elseif not base_now or own == 0 and not other then
  -- Revisions go on from those of replicas that are gone: an entity tag never means two configurations.
  if revision_now then fields[1] = tonumber(revision_now) + 1 end
  set(present + 1, fields)
end
-- Without others there are no figures that could lack something; and a replica that counted as dead has its own still.
if own == 0 and not other then redis.call('DEL', gone) end
if redis.call('HGET', gone, name) == process then redis.call('HDEL', gone, name) end
enter(name, text)
local answer = redis.call('HMGET', state, 'serial', 'revision', 'base', 'configuration', 'digest', 'document')
table.insert(answer, 1, 'joined')
return withReplicas(answer)
`,
  beat: `${COMMON}
local name, process, text, own = unpack(ARGV, 4, 7)
if not known(name, process) or serial() < tonumber(own) then return { 'unknown' } end
enter(name, text)
sweep()
count()
local lost = redis.call('HKEYS', gone)
local answer = { 'known', tostring(serial()), redis.call('HGET', ballot, 'id') or '', tostring(#lost) }
for _, each in ipairs(lost) do
  table.insert(answer, each)
end
return withReplicas(answer)
`,
  leave: `${COMMON}
local name, process = unpack(ARGV, 4, 5)
if known(name, process) then remove({ name }) end
count()
return {}
`,
  forget: `${COMMON}
redis.call('DEL', gone)
return {}
`,
  state: `${COMMON}
return redis.call('HMGET', state, 'serial', 'revision', 'base', 'configuration', 'digest', 'document')
`,
  proposal: `${COMMON}
return redis.call('HMGET', ballot, 'id', 'replaces', 'by', 'revision', 'base', 'configuration', 'digest', 'document')
`,
  propose: `${COMMON}
local process, id, replaces, by = unpack(ARGV, 4, 7)
sweep()
count()
if not known(by, process) then return 'unknown' end
if redis.call('EXISTS', ballot) == 1 or serial() ~= tonumber(replaces) then return 'outrun' end
local electors = {}
for _, entry in ipairs(redis.call('HVALS', replicas)) do
  local replica = cjson.decode(entry)
  table.insert(electors, { replica.name, replica.process })
end
redis.call('HSET', ballot, 'id', id, 'replaces', replaces, 'by', by, 'revision', ARGV[8], 'base', ARGV[9],
  'configuration', ARGV[10], 'digest', ARGV[11], 'document', ARGV[12],
  'electors', cjson.encode(electors), 'start', now)
redis.call('SADD', votes, by)
count()
if redis.call('EXISTS', ballot) == 0 then return 'committed' end
say({ kind = 'proposed', proposal = {
  id = id, replaces = tonumber(replaces), by = by, revision = tonumber(ARGV[8]), base = ARGV[9],
  configuration = ARGV[10], digest = ARGV[11], document = ARGV[12],
} })
return 'open'
`,
  vote: `${COMMON}
local name, process, id, refusal = unpack(ARGV, 4, 7)
if redis.call('HGET', ballot, 'id') ~= id or not known(name, process) then return 0 end
if refusal ~= '' then
  refuse(id, name, refusal)
else
  redis.call('SADD', votes, name)
  count()
end
return 1
`,
  outcome: `${COMMON}
local id = ARGV[4]
sweep()
count()
if redis.call('HGET', ballot, 'id') == id then return '{"kind":"open"}' end
return redis.call('HGET', outcomes, id) or
  '{"kind":"refused","by":"","reason":{"code":"LOST","message":"","issues":[]}}'
`,
} as const;
