function(ctx) {
  ip: if std.objectHas(ctx.request_headers, 'x-forwarded-for') then ctx.request_headers['x-forwarded-for'][0] else null,
  agent: std.get(ctx.request_headers, 'user-agent'),
  lang: 'accept-language' in ctx.request_headers,
}
