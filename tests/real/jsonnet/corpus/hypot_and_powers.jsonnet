function(ctx) [std.pow(2, 10), std.pow(2, -1), std.pow(0, 0), std.hypot(3, 4), std.log2(8), std.log10(1000), std.exponent(8), std.mantissa(8)]
