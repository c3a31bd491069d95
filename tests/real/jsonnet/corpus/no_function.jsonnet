{ a: 'a template that takes no ctx' }
