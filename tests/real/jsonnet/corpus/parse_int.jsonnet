function(ctx) [std.parseInt(text) for text in ['0', '-1', '00012', '123456789', '9007199254740991']]
