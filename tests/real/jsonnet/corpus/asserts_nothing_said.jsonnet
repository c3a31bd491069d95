function(ctx) assert false; {}
