function(ctx) {
  local headers = ctx.request_headers,
  agent: std.get(headers, 'User-Agent', std.get(headers, 'user-agent')),
}
