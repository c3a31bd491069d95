function(ctx) error 'a RUNTIME ERROR: cancel in the middle'
