function(ctx) {
  id: ctx.identity.id,
  one: std.get(ctx.request_cookies, 'utm_source'),
  cookies: ctx.request_cookies,
  again: std.get(ctx, 'request_cookies', {}),
  joined: std.join('; ', [ctx['request_' + 'cookies'][name] for name in std.objectFields(ctx.request_cookies)]),
}
