function(ctx) { 'a b': 1, "c'd": 2, 'ä': 3, '': 4, |||
  block
|||: 5 }
