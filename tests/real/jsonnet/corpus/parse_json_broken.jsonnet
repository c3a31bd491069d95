function(ctx) std.parseJson('{"a": }')
