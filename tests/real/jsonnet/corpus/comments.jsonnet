// one
# two
/* three
*/
function(ctx /* four */) { a: 1, /* five */ b: 2 }  // six
