function(ctx) std.base64DecodeBytes('AP+ACg==')
