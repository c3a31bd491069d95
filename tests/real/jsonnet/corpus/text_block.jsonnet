function(ctx) {
  html: |||
    <p>Hello %s,</p>
      indented "quotes" \n stay
    <p>bye</p>
  ||| % ctx.text,
  chomped: |||-
    no newline
  |||,
}
