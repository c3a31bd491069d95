function(ctx) std.manifestYamlStream([{ a: 1 }, [1, 2]])
