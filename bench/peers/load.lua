-- Asks with other variables each time, and says at its end what was measured, as one line of JSON.
-- wrk -s load.lua http://127.0.0.1:8080/graphql -- BODIES TOKEN MOST: a file with one body a line, and how many to send.
local requests, sent, most, this = {}, 0, 0, nil

function setup(thread) this = thread end

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  most = tonumber(args[3])
  for line in io.lines(args[1]) do requests[#requests + 1] = wrk.format(nil, nil, nil, line) end
end

function request()
  sent = sent + 1
  if sent >= most then wrk.thread:stop() end
  return requests[sent % #requests + 1]
end

function done(summary, latency)
  local wrong = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%.3f,"p99":%.3f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, wrong.status, wrong.connect + wrong.read + wrong.write + wrong.timeout))
end
