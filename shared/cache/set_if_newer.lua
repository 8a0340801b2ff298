-- KEYS[1] the key; ARGV: what is to be stored, seconds to live.
-- A stored value begins with its version. Versions are digits of one length, so text order is their order, also
-- beyond 2^53, up to which Lua's numbers are exact.
-- What somebody else stored under the key is written over, whatever its type.
local present = redis.pcall('GETRANGE', KEYS[1], 0, 19)
if type(present) == 'string' and #present == 20 and string.match(present, '^%d+$') and present > string.sub(ARGV[1], 1, 20) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
