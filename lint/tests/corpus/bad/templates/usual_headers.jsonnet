function(ctx) {
  agent: ctx.request_headers['User-Agent'][0],
  country: ctx.request_headers['Cf-Ipcountry'][0],
  theme: ctx.request_cookies.theme,
}
