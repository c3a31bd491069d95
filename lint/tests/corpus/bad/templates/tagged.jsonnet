local hook = { flow: 'registration', method: 'password', when: 'after_save' };
function(ctx) { hook: hook, identity: { id: ctx.identity.id } }
