function(ctx) ['%s|%10s|%-10s|%.2s' % [word, word, word, word] for word in ctx.words]
