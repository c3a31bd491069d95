resource "ory_action" "welcome" {
  flow            = "registration"
  timing          = "after"
  url             = "https://example.com/"
  body            = "function(ctx) { id: ctx.identity.id }"
  response_ignore = true
  retries         = 3

  webhook_auth_type         = "api_key"
  webhook_auth_api_key_name = "Authorization"
}

resource "ory_action" "audit" {
  flow            = "login"
  url             = "https://example.com/audit"
  body            = "function(ctx) { id: ctx.identity.id }"
  response_ignore = true

  webhook_auth_type = "basic_auth"
}

resource "ory_action" "old_names" {
  flow            = "registration"
  hook            = "after"
  body            = "function(ctx) { id: ctx.identity.id }"
  response_ignore = true
}
