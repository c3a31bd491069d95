function(ctx) { a: self.b, b: self.a }
