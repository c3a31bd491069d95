// The payload of Ory's document that interrupts a flow, as a reply template would give it.
function(ctx, outcome) {
  messages: [{
    instance_ptr: '#/traits/foo/bar',
    messages: [{
      id: 123,
      text: 'field must be longer than 12 characters',
      type: 'validation',
      context: { value: 'short value' },
    }],
  }],
}
