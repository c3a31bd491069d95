local pick(traits, names) = [traits[name] for name in names if std.objectHas(traits, name) && traits[name] != null];
function(ctx) { picked: pick(ctx.identity.traits, ['email', 'phone', 'name']), consent: std.get(std.get(ctx.identity.traits, 'consent', {}), 'newsletter', false) == true }
