function(ctx) [std.parseJson('{"a": [1, 2.5, "ä", null, true]}'), std.parseJson('"x"'), std.parseJson(std.manifestJsonMinified(ctx))]
