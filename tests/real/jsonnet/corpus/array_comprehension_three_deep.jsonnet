function(ctx) [c for a in [1, 2] for b in [[a, 3]] for c in b]
