function(ctx) ctx { request_cookies:: null }
