function(ctx) { a:: 1, b: self.a, c::: 2 } + { c: 3 } + { b:: 4 } + { b::: 5 }
