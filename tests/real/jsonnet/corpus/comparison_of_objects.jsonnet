function(ctx) {} < {}
