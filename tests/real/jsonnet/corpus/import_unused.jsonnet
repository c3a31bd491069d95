local other = import 'other.jsonnet';
function(ctx) { a: 1 }
