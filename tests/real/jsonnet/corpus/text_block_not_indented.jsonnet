function(ctx) |||
text
|||
