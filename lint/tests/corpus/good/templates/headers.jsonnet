// The list of the configuration has one more header. A client may leave out any.
function(ctx) {
  local headers = ctx.request_headers,
  ip: std.get(headers, 'X-Forwarded-For', [null])[0],
  agent: if 'User-Agent' in headers then headers['User-Agent'][0],
  // Never there, and treated so.
  other: std.get(headers, 'X-Request-Id', ['none'])[0],
  all: std.objectFields(headers),
}
