function(ctx) [std.objectRemoveKey(ctx.object, 'a'), std.objectRemoveKey({ a: 1, b: self.a }, 'b')]
