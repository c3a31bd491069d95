function(ctx) { b: 1, a: 2, B: 3, 'ä': 4, '\uD83D\uDE00': 5, '\uFFFD': 6, _: 7, '10': 8, '9': 9 }
