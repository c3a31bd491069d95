function(ctx) assert std.length(ctx.words) > 3 : 'cancel: too few words'; ctx.words
