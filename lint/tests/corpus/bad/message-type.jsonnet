local message(kind, text) = { instance_ptr: '#/traits/email', messages: [{ id: 4711, text: text, type: kind }] };
function(ctx, outcome)
  if outcome.status == 'rejected' then { messages: [message('validation', 'Not this address.')] }
  else if outcome.status == 'skipped' then { messages: [message('success', 'Come in.')] }
  else if outcome.status == 'duplicate' then { messages: [message('error', 'Again?'), message('info', 'Look.')] }
  else null
