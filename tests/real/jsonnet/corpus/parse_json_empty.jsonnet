function(ctx) std.parseJson('')
