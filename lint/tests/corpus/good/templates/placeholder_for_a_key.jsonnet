function(ctx) {
  api_key: '${VONAGE_API_KEY}',
  secretKey: '{{ .Values.key }}',
  accessToken: 'Bearer {$TOKEN}',
  'write-key': '<write-key>',
  id: ctx.identity.id,
}
