function(ctx) local a = [a]; a
