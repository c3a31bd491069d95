function(ctx) [std.escapeStringBash(ctx.text), std.escapeStringDollars('$' + ctx.text)]
