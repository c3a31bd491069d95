function(ctx) [std.sin(0), std.cos(0), std.tan(0), std.asin(1), std.acos(1), std.atan(1), std.exp(1), std.log(10), std.sqrt(2)]
