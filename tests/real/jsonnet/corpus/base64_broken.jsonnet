function(ctx) std.base64Decode('not base64!')
