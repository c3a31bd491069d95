function(ctx) {
  id: ctx.identity.id,
  is_new: std.isNull(ctx.identity.metadata_public),
}
