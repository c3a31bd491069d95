function(ctx) { ctx: ctx }
