local message = { mail: { to: 'a', meta: { tag: 'x', list: [1] } } };
function(ctx) message { mail+: { meta+: { tag: 'y', list+: [2], new+: { a: 1 } } } }
