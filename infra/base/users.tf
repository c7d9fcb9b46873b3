resource "aws_cognito_user_pool" "users" {
  name                     = "ai-lifestyle-users-${var.environment}"
  user_pool_tier           = "LITE" # Passwords and TOTP need no more.
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  deletion_protection      = local.production ? "ACTIVE" : "INACTIVE"
  mfa_configuration        = "OPTIONAL"

  username_configuration {
    case_sensitive = false
  }

  # The contract, the code and this policy state one rule: eight characters, no rule of composition (ASVS 6.2.1, 6.2.5).
  password_policy {
    minimum_length                   = 8
    require_lowercase                = false
    require_numbers                  = false
    require_symbols                  = false
    require_uppercase                = false
    temporary_password_validity_days = 7
  }

  software_token_mfa_configuration {
    enabled = true
  }

  admin_create_user_config {
    allow_admin_create_user_only = false
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  # An access token is enough for UpdateUserAttributes: without this an owner could leave a proven address for any other.
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }

  verification_message_template {
    default_email_option = "CONFIRM_WITH_CODE"
    email_subject        = "Your confirmation code"
    email_message        = "Your confirmation code is {####}."
  }

  email_configuration {
    email_sending_account = var.mail == null ? "COGNITO_DEFAULT" : "DEVELOPER"
    source_arn            = one(var.mail[*].identity_arn)
    from_email_address    = one(var.mail[*].from)
  }

  lifecycle {
    prevent_destroy = true
  }
}

# With a secret nobody reaches Cognito's sign-in past this API (ASVS 6.3.4).
resource "aws_cognito_user_pool_client" "api" {
  name         = "lifestyle-api-${var.environment}"
  user_pool_id = aws_cognito_user_pool.users.id

  generate_secret               = true
  explicit_auth_flows           = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  enable_token_revocation       = true
  prevent_user_existence_errors = "ENABLED"

  read_attributes  = ["email", "email_verified", "family_name", "given_name"]
  write_attributes = ["email", "family_name", "given_name"]

  access_token_validity  = 15
  id_token_validity      = 15
  refresh_token_validity = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }

  # A new client is a new secret and the end of every session. AWS does not tell whether a secret was asked for, so
  # that an adopted client would be replaced; the postcondition refuses one that has none.
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [generate_secret]

    postcondition {
      condition     = self.client_secret != ""
      error_message = "The client has no secret: anybody could sign in at Cognito, past the API and its limits."
    }
  }
}
