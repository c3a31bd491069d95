function(ctx) [std.manifestJsonEx(ctx.object, '\t'), std.manifestJsonEx({ a: [1, { b: 2 }] }, '', '', ':')]
