local base = { greeting: 'Hello ' + self.name, name: 'nobody' };
function(ctx) [base, base { name: 'somebody' }, base { name: super.name + '!' }, base + { name: ctx.text }]
