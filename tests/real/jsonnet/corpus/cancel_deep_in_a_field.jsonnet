function(ctx) { a: [{ b: { c: error 'cancelled by somebody' } }] }
