-- Sends one request over and over: `-- METHOD FILE [AUTHORIZATION]`, where the file has the body. Only
-- 200 counts as an answer.

function init(arguments)
    wrk.method = arguments[1]
    wrk.body = io.open(arguments[2]):read("a")
    wrk.headers["Content-Type"] = "application/json"
    if arguments[3] then
        wrk.headers["Authorization"] = arguments[3]
    end
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    local p50, p99 = latency:percentile(50) / 1000, latency:percentile(99) / 1000
    local rate = summary.requests / summary.duration * 1e6
    io.write(("answered %d %d %.1f %.3f %.3f\n"):format(summary.requests, failed, rate, p50, p99))
end
