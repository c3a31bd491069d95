local mail(to, subject='Hello', tags=[]) = { to: to, subject: subject, tags: tags };
function(ctx) [
  mail('a@example.com'),
  mail(to='b@example.com', tags=['x']),
  mail('c@example.com', subject=ctx.text),
]
