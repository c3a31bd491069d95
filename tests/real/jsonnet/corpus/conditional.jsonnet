function(ctx) if ctx.flag then 'yes' else if ctx.flag == null then 'unknown' else 'no'
