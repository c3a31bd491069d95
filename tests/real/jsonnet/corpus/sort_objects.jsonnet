function(ctx) std.sort([{ a: 1 }, { a: 2 }])
