function(ctx) [std.parseHex('ff'), std.parseHex('FF'), std.parseOctal('755')]
