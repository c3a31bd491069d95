function(ctx) { email_address: ctx.identity.traits.email, status: 'subscribed', from: ctx.request_url }
