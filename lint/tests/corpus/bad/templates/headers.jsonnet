function(ctx) {
  ip: ctx.request_headers['X-Forwarded-For'][0],
  spelled: ctx.request_headers['user-agent'][0],
  both: ctx.request_headers['x-real-ip'][0],
}
