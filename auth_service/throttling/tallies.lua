-- KEYS: the tallies of one attempt. ARGV: the operation, the lease, then for each key: free failures, first wait,
-- longest wait, time after which one failure is forgiven, free failures while the first key has none, failures that
-- are remembered, and 1 if a success clears the tally. All times are milliseconds.
-- Answers {0, 0}, or the refusing key's number and its wait; a wait of 0 lasts until another attempt has an outcome.
-- model.py explains it: Tally does the same for one replica.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local operation, lease = ARGV[1], tonumber(ARGV[2])

local function count(tally, failures, at)
  if tally.failures == 0 then tally.forgiven_until = at end
  tally.failures = math.min(tally.failures + failures, tally.remembered)
  tally.failed_at = at
end

local function read(i)
  local at, kept = 2 + (i - 1) * 7, redis.call('HMGET', KEYS[i], 'f', 'u', 'a', 'p', 'l')
  local tally = {
    free = tonumber(ARGV[at + 1]), first = tonumber(ARGV[at + 2]), longest = tonumber(ARGV[at + 3]),
    every = tonumber(ARGV[at + 4]), fresh = tonumber(ARGV[at + 5]), remembered = tonumber(ARGV[at + 6]),
    clears = ARGV[at + 7] == '1',
    failures = tonumber(kept[1] or 0), forgiven_until = tonumber(kept[2] or 0), failed_at = tonumber(kept[3] or 0),
    pending = tonumber(kept[4] or 0), pending_until = tonumber(kept[5] or 0),
  }
  if tally.pending > 0 and now >= tally.pending_until then
    local pending = tally.pending
    tally.pending = 0
    count(tally, pending, tally.pending_until)
  end
  local forgiven = math.min(tally.failures, math.floor(math.max(0, now - tally.forgiven_until) / tally.every))
  tally.failures = tally.failures - forgiven
  tally.forgiven_until = tally.forgiven_until + forgiven * tally.every
  return tally
end

local function write(key, tally)
  if tally.failures == 0 and tally.pending == 0 then
    redis.call('DEL', key)
    return
  end
  redis.call('HSET', key, 'f', tally.failures, 'u', string.format('%d', tally.forgiven_until),
    'a', string.format('%d', tally.failed_at), 'p', tally.pending, 'l', string.format('%d', tally.pending_until))
  redis.call('PEXPIRE', key, math.ceil((tally.failures + tally.pending) * tally.every + lease))
end

local tallies = {}
for i in ipairs(KEYS) do tallies[i] = read(i) end

if operation == 'begin' or operation == 'spend' then
  local refusing, longest = 0, 0
  local is_fresh = tallies[1].failures == 0
  for i, tally in ipairs(tallies) do
    local limit, wait = is_fresh and math.max(tally.free, tally.fresh) or tally.free, 0
    if tally.failures >= limit then
      wait = tally.failed_at + math.min(tally.longest, tally.first * 2 ^ math.min(tally.failures - limit, 30)) - now
    end
    if wait > longest then
      refusing, longest = i, wait
    elseif refusing == 0 and tally.pending > 0 and tally.failures + tally.pending >= limit then
      refusing = i
    end
  end
  if refusing > 0 then return {refusing, math.ceil(longest)} end
end

for i, tally in ipairs(tallies) do
  if operation == 'begin' then
    tally.pending, tally.pending_until = tally.pending + 1, now + lease
  elseif operation ~= 'spend' then
    tally.pending = math.max(0, tally.pending - 1)
  end
  if operation == 'fail' or operation == 'spend' then count(tally, 1, now) end
  if operation == 'succeed' and tally.clears then tally.failures = 0 end
  write(KEYS[i], tally)
end
return {0, 0}
