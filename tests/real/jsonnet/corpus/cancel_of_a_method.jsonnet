local consent(ctx) = if std.get(ctx.identity.traits, 'consent') == null then error 'cancel: no consent' else ctx;
function(ctx) consent(ctx).identity
