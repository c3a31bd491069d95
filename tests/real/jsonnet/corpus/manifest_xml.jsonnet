function(ctx) std.manifestXmlJsonml(['p', { class: 'ab' }, 'Hello ', ['b', 'you']])
