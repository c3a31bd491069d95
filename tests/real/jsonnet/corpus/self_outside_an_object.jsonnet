function(ctx) self.a
