# The list is the same, because `password` is what the provider takes if there is no `auth_method`.
resource "ory_action" "check" {
  flow           = "registration"
  timing         = "after"
  url            = "https://hooks.example.com/"
  body           = file("${path.module}/templates/id.jsonnet")
  response_parse = true
}

resource "ory_action" "welcome" {
  flow            = "registration"
  timing          = "after"
  auth_method     = "password"
  url             = "https://hooks.example.com/"
  body            = "base64://${base64encode(file("${path.module}/templates/id.jsonnet"))}"
  response_ignore = true
}
