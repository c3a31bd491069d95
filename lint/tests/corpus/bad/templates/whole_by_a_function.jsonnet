local wrap(data) = { wrapped: { data: data } };
function(ctx) wrap(ctx)
