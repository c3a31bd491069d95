function(ctx) {
  provider: ctx.identity.metadata_public.provider,
  has_default: std.get(ctx.identity, 'metadata_public', {}).provider,
  is_asked: if std.objectHas(ctx.identity.metadata_public, 'provider') then 1,
  before: [key for key in std.objectFields(ctx.session.identity.metadata_public)],
}
