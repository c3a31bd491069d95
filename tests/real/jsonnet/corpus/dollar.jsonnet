function(ctx) { id: ctx.text, a: { b: { c: $.id } }, list: [$.id] }
