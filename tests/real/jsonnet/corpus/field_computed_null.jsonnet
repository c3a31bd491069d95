function(ctx) { [if ctx.flag == true then 'flag']: true, [null]: error 'left out', always: 1 }
