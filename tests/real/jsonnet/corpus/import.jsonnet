function(ctx) import 'other.jsonnet'
