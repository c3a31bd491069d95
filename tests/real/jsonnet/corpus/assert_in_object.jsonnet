function(ctx) { assert self.n > 0 : 'n must be positive', n: std.length(ctx.words) }
