function(ctx) { a: super.a }
