function(ctx) [-0, 0 * -1, -0.0 == 0, std.toString(-0)]
