-- Places one order. KEYS: the order's record, then the stock of each line's SKU.
-- ARGV: the destination's row in the cost table, then each line's quantity.
-- Stock is 20 node numbers of a byte, then what is free there, 4 bytes each.
-- Returns the units that are allocated; -1 when the order is known already.
local call, byte, unpack_free = redis.call, string.byte, struct.unpack
if call('EXISTS', KEYS[1]) == 1 then return -1 end
-- A string, for a table would be built anew at each call.
local ranks, row = '@RANKS@', ARGV[1] * 60 + 1
local record, units = ARGV[1], 0
for line = 2, #KEYS do
    local key, quantity = KEYS[line], tonumber(ARGV[line])
    local stock = call('GET', key)
    local nodes = {byte(stock, 1, 20)}
    local best, at, left = 255, 0, 0
    for i = 1, 20 do
        local rank = byte(ranks, row + nodes[i])
        if rank < best then
            local free = unpack_free('<I4', stock, 17 + 4 * i)
            if free >= quantity then best, at, left = rank, i, free - quantity end
        end
    end
    if at > 0 then
        call('SETRANGE', key, 16 + 4 * at, struct.pack('<I4', left))
        units = units + quantity
        record = record .. ' ' .. key .. ':' .. nodes[at] .. ':' .. quantity
    else
        record = record .. ' ' .. key .. '::' .. quantity
    end
end
call('SET', KEYS[1], record)
return units
