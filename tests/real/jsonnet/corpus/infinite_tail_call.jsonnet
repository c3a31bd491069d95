local f(x) = f(x + 1) tailstrict;
function(ctx) if ctx.flag == 'never' then f(1) else {}
