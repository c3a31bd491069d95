function(ctx) ['%x|%X|%#x|%o|%#o|%08x' % [n, n, n, n, n, n] for n in [1, 10, 255, 256, 4096, -255]] + ['%x|%o|%#o' % [0, 0, 0]]
