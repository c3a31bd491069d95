function(ctx) { base:: { k: 'v' }, all: { [word]: $.base { word: word } for word in ctx.words } }
