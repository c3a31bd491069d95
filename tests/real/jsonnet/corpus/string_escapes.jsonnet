function(ctx) ['\"\'\\\b\f\n\r\t\u00e4\u0000\ud83d\ude00', "\"'", @'verbatim \n ''quoted''', @"verbatim ""quoted"""]
