function(ctx) [std.isEmpty(''), std.isEmpty(ctx.text), std.isEven(2), std.isOdd(3), std.isInteger(1.5), std.isDecimal(1.5)]
