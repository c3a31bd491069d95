local name = import 'name.libsonnet';
function(ctx) { id: ctx.identity.id, name: name(ctx) }
