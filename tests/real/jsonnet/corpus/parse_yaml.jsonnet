function(ctx) std.parseYaml('a: 1\nb:\n  - x\n  - "y"\nc: null\n')
