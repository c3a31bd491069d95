function(ctx) [
  [std.type(x), std.isString(x), std.isNumber(x), std.isBoolean(x), std.isObject(x), std.isArray(x), std.isFunction(x)]
  for x in [ctx.text, ctx.numbers, ctx.flag, ctx.object, null, function(x) x, 1]
]
