function(ctx)
  local add(a, b=a) = a + b, inc = add(1);
  { sum: add(1, 2), twice: add(3), inc: inc }
