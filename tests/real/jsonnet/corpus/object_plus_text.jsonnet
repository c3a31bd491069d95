function(ctx) [{ a: 1 } + ' text', 'text ' + { a: [1, 'x'] }, 'null: ' + null, 1 + '1', 'x' + ctx.list]
