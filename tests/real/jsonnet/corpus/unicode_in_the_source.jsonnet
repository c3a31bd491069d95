local grüße = 'no identifier';
function(ctx) grüße
