variable "key" {
  type      = string
  sensitive = true
}

locals {
  host = "https://hooks.example.com"
  id   = <<-JSONNET
    function(ctx) {
      id: ctx.identity.id,
      note: "$${name} %%{name}",
    }
  JSONNET
}

resource "ory_action" "check" {
  flow           = "registration"
  timing         = "after"
  url            = "${local.host}/check"
  body           = "function(ctx) { asks: ctx.flow.id }"
  response_parse = true
}

resource "ory_action" "welcome" {
  count = 1

  flow            = "registration"
  timing          = "after"
  auth_method     = "oidc"
  url             = "${local.host}/welcome"
  body            = local.id
  response_ignore = true

  webhook_auth_type                     = "api_key"
  webhook_auth_api_key_name             = "X-Key"
  webhook_auth_api_key_in               = "header"
  webhook_auth_api_key_value_wo         = var.key
  webhook_auth_api_key_value_wo_version = "1"

  lifecycle {
    create_before_destroy = true
  }
}

resource "ory_action" "verified" {
  flow            = "verification"
  timing          = "after"
  url             = "${local.host}/verified"
  body            = file("${path.module}/templates/id.jsonnet")
  response_ignore = true
}
