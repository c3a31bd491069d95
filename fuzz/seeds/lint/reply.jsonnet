selfservice: {}
---
local f(x) = { messages: [{ instance_ptr: "#/", messages: [{ id: 1, text: "%s" % x, type: "error" }] }] };
function(ctx) std.foldl(function(a, b) a + b, [f(y) for y in ctx.identity.traits], {}) { assert self.messages != [] : "x", a:: super.b, c: $["d" + 1] }
