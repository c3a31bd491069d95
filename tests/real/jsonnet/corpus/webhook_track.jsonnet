function(ctx) {
  local hook = ctx.hook,
  type: 'track',
  event: '%s %s' % [hook.flow, if hook.when == 'after_save' then 'done' else 'begun'],
  properties+: { method: hook.method, words: std.length(ctx.words) },
  timestamp: ctx.identity.created_at,
}
