function(ctx) [std.resolvePath('a/b/c', 'd'), std.resolvePath('a', 'd'), std.resolvePath('/', 'x')]
