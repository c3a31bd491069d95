function(ctx) { f: function(x) x }
