function(ctx) std.extVar('secret')
