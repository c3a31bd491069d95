function(ctx) '<\/script>'
