// What happened to an identity, for an endpoint of your own: type, time and data, as Standard Webhooks
// recommends. The time is that of the identity's last change, if it is known.
local get(object, field) = if std.isObject(object) then std.get(object, field);
// Ory's word for a time that is not known.
local zeroTime = '0001-01-01T00:00:00Z';

function(ctx)
  local flow = get(ctx.hook, 'flow');
  local changed = get(ctx.identity, 'updated_at');
  {
    path: '',
    body: {
      type: 'identity.' + (if std.isString(flow) then flow else 'event'),
      [if changed != null && changed != zeroTime then 'timestamp']: changed,
      data: {
        id: get(ctx.identity, 'id'),
        traits: get(ctx.identity, 'traits'),
        metadata_public: get(ctx.identity, 'metadata_public'),
      },
    },
  }
