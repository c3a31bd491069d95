function(ctx) '%(absent)s' % {}
