function(ctx) '%(text)s has %(flag)s, %(number)05.1f and 100%%' % { text: ctx.text, flag: ctx.flag, number: 3.14159 }
