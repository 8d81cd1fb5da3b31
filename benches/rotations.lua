-- Rotates refresh tokens over all connections of wrk: `-- FILE THREADS`, where the file has a token
-- for each connection and one more for each thread, on a line each. A connection that is free sends
-- what it or another of its thread got last, so that each token is sent once.

local threads = 0

function setup(thread)
    thread:set("place", threads)
    threads = threads + 1
end

function init(arguments)
    tokens = {}
    local line = 0
    for token in io.lines(arguments[1]) do
        if line % arguments[2] == place then
            table.insert(tokens, token)
        end
        line = line + 1
    end
end

function request()
    -- Where refreshes are refused, tokens run out; wrk counts what is refused.
    local token = table.remove(tokens) or ""
    return wrk.format("POST", "/api/token/refresh", nil, '{"refresh":"' .. token .. '"}')
end

function response(status, _, body)
    local token = body:match('"refresh": ?"([^"]+)"')
    if status == 200 and token then
        table.insert(tokens, token)
    end
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
    local rate = summary.requests / summary.duration * 1e6
    io.write(("rotated %d %d %.1f %.3f %.3f\n"):format(summary.requests, failed, rate, p50, p99))
end
