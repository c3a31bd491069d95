function(ctx) [std.xor(true, false), std.xnor(true, false), std.all([true, false]), std.any([false, true]), std.all([]), std.any([])]
