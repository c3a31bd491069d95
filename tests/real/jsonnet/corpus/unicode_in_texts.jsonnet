function(ctx) { 'schlüssel 🔑': 'Grüße, 世界 🌍', combined: 'e\u0301', length: std.length('🌍é') }
