local positive = { assert self.n > 0, n: 1 };
function(ctx) [positive, positive { n: 2 }, positive { n: std.length(ctx.words) - 3 }]
