function(ctx) assert ctx == null : 'cancel: nobody asked'; ctx
