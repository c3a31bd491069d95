function(ctx) { local me = self, local text = ctx.text, a: { b: me.c }, c: text }
