function(ctx) error { cancel: true }
