function(ctx) [std.escapeStringXML(word) for word in ctx.words + [ctx.text, '<a href="x">\'&\'</a>']]
