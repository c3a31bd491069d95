function(ctx) { a: nobody }
