function(ctx) std.strReplace('abc', '', 'x')
