function(ctx) { 'if': 1, 'function': 2, 'self': 3, 'true': 4, 'null': 5 }
