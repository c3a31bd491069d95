function(ctx) { hidden:: ctx, data: self.hidden }
