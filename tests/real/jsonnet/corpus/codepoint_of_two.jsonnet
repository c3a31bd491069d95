function(ctx) std.codepoint('ab')
