function(ctx) '\x41'
