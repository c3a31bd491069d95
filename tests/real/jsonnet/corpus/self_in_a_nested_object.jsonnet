function(ctx) { a: 1, b: { a: 2, c: self.a, d: $.a } }
