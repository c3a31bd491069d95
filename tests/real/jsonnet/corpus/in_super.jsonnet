local base = { a: 1 };
function(ctx) base { has_a: 'a' in super, has_b: 'b' in super, text: if 'text' in super then super.text else ctx.text }
