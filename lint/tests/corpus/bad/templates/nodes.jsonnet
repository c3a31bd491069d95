function(ctx) { inputs: std.length(ctx.flow.ui.nodes) }
