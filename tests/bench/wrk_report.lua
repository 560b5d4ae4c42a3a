-- Prints the figures of a run of wrk as one line of JSON, times in microseconds. Without functions for requests and responses, the
-- script costs the load nothing.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"duration":%d,"requests":%d,"bytes":%d,"p50":%d,"p99":%d,"p999":%d,"max":%d,"lost":%d,"refused":%d}\n',
    summary.duration, summary.requests, summary.bytes,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max,
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
