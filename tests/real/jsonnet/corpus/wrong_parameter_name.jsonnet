function(context) context
