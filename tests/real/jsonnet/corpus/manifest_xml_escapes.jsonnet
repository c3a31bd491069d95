function(ctx) std.manifestXmlJsonml(['p', { title: 'a"b' }, '<&>'])
