function(ctx) local flow = ctx.flow; {
  id: flow.id,
  flow: flow,
  form: flow.ui,
  nodes: [node for node in flow.ui.nodes if node.group == 'default'],
  code: std.get(flow, 'session_token_exchange_code'),
}
