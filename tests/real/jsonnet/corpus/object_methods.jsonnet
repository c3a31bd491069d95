function(ctx) { greet(name, mark='!'):: 'Hello ' + name + mark, all: [self.greet(word) for word in ctx.words], ask: self.greet('you', '?') }
