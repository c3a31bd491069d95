local prefix = 'md-';
local config = { write_key: 'some-key', unused:: 'md-notAKeyButShapedLikeOne' };
function(ctx) config { user: ctx.identity.id, mail: { api_key: prefix + 'something', put_together: prefix + 'abcdefghijklmnop' } }
