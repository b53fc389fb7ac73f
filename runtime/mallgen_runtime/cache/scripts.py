"""The scripts that Redis runs. Each is atomic, and all keys of one have one hash tag.

A list is a sorted set of members by score. Its markers have the score -inf: `$` where every row of the list is in the
set, `=digest` where it belongs to texts, for their exact spelling, and `!member token milliseconds` for a change that
was announced and is not settled. Without `$` the set is the beginning of the list, and nothing beyond its last member
is known.

What is being built has a hash: its `token` and `spelling`, `t:member` for changes that were announced meanwhile, and
`s:member` for those that were settled. Whoever builds writes to a key of its own, which takes the list's place in one
step.
"""

import hashlib
from typing import NamedTuple

WHOLE = "$"
BUILD_SECONDS = 30  # for which a list may take to be built
OVERDUE_SECONDS = 5  # after which a change that nobody has settled is looked after by readers


class Script(NamedTuple):
    """A script with the name that Redis knows it by."""

    text: str
    sha: str


def _script(text: str) -> Script:
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_NOW = """
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""
_MARKERS = """
local function marker_of(list, member)
  local start = '!' .. member .. ' '
  for _, found in ipairs(redis.call('ZRANGEBYSCORE', list, '-inf', '-inf')) do
    if string.sub(found, 1, #start) == start then return found, string.match(found, ' (%S+) ', #start) end
  end
end
"""
# a member beyond the last one of a list that is only known to there may have unknown ones before it
_PUT = """
local function put(list, member, score, limit, descending)
  redis.call('ZREM', list, member)
  local whole = redis.call('ZSCORE', list, '$')
  local marks = redis.call('ZCOUNT', list, '-inf', '-inf')
  local count = redis.call('ZCARD', list) - marks
  if not whole and count * 2 < limit then
    redis.call('DEL', list)
    return
  end
  if score == '' then return end
  if not whole then
    local last
    if descending then last = redis.call('ZRANGE', list, marks, marks, 'WITHSCORES')
    else last = redis.call('ZREVRANGE', list, 0, 0, 'WITHSCORES') end
    local mine, other = tonumber(score), tonumber(last[2])
    local beyond = mine > other or (mine == other and member > last[1])
    if descending then beyond = mine < other or (mine == other and member < last[1]) end
    if beyond then return end
  end
  redis.call('ZADD', list, score, member)
  if count >= limit then
    if descending then redis.call('ZREMRANGEBYRANK', list, marks, marks)
    else redis.call('ZREMRANGEBYRANK', list, -1, -1) end
    redis.call('ZREM', list, '$')
  end
end
"""

LEASE = _script("""
local found = {}
for place, key in ipairs(KEYS) do
  local value = redis.pcall('GET', key)
  local known = type(value) == 'string'
    and (string.sub(value, 1, #ARGV[1]) == ARGV[1] or string.sub(value, 1, #ARGV[2]) == ARGV[2])
  if not known then
    value = ARGV[3]
    redis.call('SET', key, value, 'PX', ARGV[4])
  end
  found[place] = value
end
return found
""")
FILL = _script("""
for place, key in ipairs(KEYS) do
  local lease, value, expiry = unpack(ARGV, place * 3 - 2, place * 3)
  if redis.pcall('GET', key) == lease then redis.call('SET', key, value, 'PX', expiry) end
end
""")
TOUCH = _script(_NOW + _MARKERS + """
local list, building, member, token = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local found = ''
if redis.call('EXISTS', list) == 1 then
  local old = marker_of(list, member)
  if old then redis.call('ZREM', list, old) end
  redis.call('ZADD', list, '-inf', '!' .. member .. ' ' .. token .. ' ' .. now())
  found = token
end
if redis.call('EXISTS', building) == 1 then
  redis.call('HSET', building, 't:' .. member, token)
  found = token
end
return found
""")
SETTLE = _script(_MARKERS + _PUT + """
local list, building, member, token, score = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
if ARGV[6] ~= '' then
  -- whether the database holds both spellings to be equal is not known here
  if not redis.call('ZSCORE', list, '=' .. ARGV[6]) then redis.call('DEL', list) end
  if redis.call('HGET', building, 'spelling') ~= ARGV[6] then redis.call('DEL', building) end
end
local marker, last = marker_of(list, member)
if marker then
  if last == token then redis.call('ZREM', list, marker) end
  put(list, member, score, tonumber(ARGV[4]), ARGV[5] == '1')
end
local announced = redis.call('HGET', building, 't:' .. member)
if announced then
  redis.call('HSET', building, 's:' .. member, score)
  if announced == token then redis.call('HDEL', building, 't:' .. member) end
end
""")
BEGIN = _script("""
if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('EXISTS', KEYS[2]) == 1 then return '' end
redis.call('HSET', KEYS[2], 'token', ARGV[1], 'spelling', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return ARGV[1]
""")
STAGE = _script("""
redis.call('ZADD', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
""")
FINISH = _script(_NOW + _PUT + """
local list, building, stage, token = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
if redis.call('HGET', building, 'token') ~= token or redis.call('EXISTS', stage) == 0 then
  redis.call('DEL', stage)
  return 0
end
local changes = redis.call('HGETALL', building)
redis.call('DEL', building)
if ARGV[5] ~= '' then redis.call('ZADD', stage, '-inf', '=' .. ARGV[5]) end
for place = 1, #changes, 2 do
  local kind, member = string.sub(changes[place], 1, 2), string.sub(changes[place], 3)
  if kind == 's:' and redis.call('EXISTS', stage) == 1 then
    put(stage, member, changes[place + 1], tonumber(ARGV[3]), ARGV[4] == '1')
  end
end
if redis.call('EXISTS', stage) == 0 then return 0 end
for place = 1, #changes, 2 do
  local kind, member = string.sub(changes[place], 1, 2), string.sub(changes[place], 3)
  if kind == 't:' then
    redis.call('ZADD', stage, '-inf', '!' .. member .. ' ' .. changes[place + 1] .. ' ' .. now())
  end
end
redis.call('RENAME', stage, list)
redis.call('PEXPIRE', list, ARGV[2])
return 1
""")
PAGE = _script(_NOW + """
local list, descending, limit = KEYS[1], ARGV[1] == '1', tonumber(ARGV[2])
local total = redis.call('ZCARD', list)
if total == 0 then return {'absent', {}} end
local markers = redis.call('ZRANGEBYSCORE', list, '-inf', '-inf')
local whole, marks, overdue, time = false, #markers, {}, nil
for _, marker in ipairs(markers) do
  if marker == '$' then whole = true
  elseif string.sub(marker, 1, 1) == '=' then
    if marker ~= '=' .. ARGV[4] then return {'beyond', {}} end
  else
    time = time or now()
    local member, since = string.match(marker, '^!(%S*) %S+ (%d+)$')
    if time - tonumber(since) > tonumber(ARGV[3]) then overdue[#overdue + 1] = member end
  end
end
if #overdue > 0 then return {'overdue', overdue} end
local count = total - marks
local function entries(first, last)
  if descending then return redis.call('ZREVRANGE', list, first, last, 'WITHSCORES') end
  return redis.call('ZRANGE', list, first + marks, last + marks, 'WITHSCORES')
end
local start = 0
if ARGV[5] then
  local score, member, high = tonumber(ARGV[5]), ARGV[6], count
  while start < high do
    local middle = math.floor((start + high) / 2)
    local found = entries(middle, middle)
    local other = tonumber(found[2])
    local after
    if descending then after = other < score or (other == score and found[1] < member)
    else after = other > score or (other == score and found[1] > member) end
    if after then high = middle else start = middle + 1 end
  end
end
if start + limit > count and not whole then return {'beyond', {}} end
if start >= count then return {'page', {}} end
return {'page', entries(start, math.min(start + limit, count) - 1)}
""")
CLAIM = _script("""
local found = redis.call('GET', KEYS[1])
if found then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
""")
RESOLVE = _script("""
local found = redis.call('GET', KEYS[1])
if found and found ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
""")
COUNT = _script("""
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
""")
TAKE = _script("""
local found = redis.call('GET', KEYS[1])
if not found then return false end
if tonumber(found) < 1 then return 0 end
redis.call('DECR', KEYS[1])
return 1
""")
GIVE = _script("""
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('INCR', KEYS[1]) end
""")
