function(ctx) { id: ctx.identity.id, consent: { newsletter: true }, tags: ['a'], count: 1 }
