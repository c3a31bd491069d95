function(context) { id: context.identity.id }
