# Two random UUIDs are 244 bits or more; the hash makes of them the 32 bytes that AES-256 takes. The provider's own
# generator is a data source, whose id is what it generated: it stands in the log of every plan. terraform_data shows its
# output when it is destroyed. The value of a parameter is shown nowhere.
resource "aws_ssm_parameter" "sealing_key" {
  for_each = toset(var.sealing_key_ids)

  name        = "/lifestyle-api/${var.environment}/sealing-keys/${each.key}"
  description = "One key that seals refresh tokens; the function reads the parameter `secrets` instead."
  type        = "SecureString"
  value       = base64sha256("${uuid()}${uuid()}")

  # uuid() answers anew at every apply; the first answer is kept.
  lifecycle {
    ignore_changes = [value]
  }
}

locals {
  # SEALING_KEYS is `kid:key,kid:key` with the key in unpadded base64url (RFC 4648, section 5).
  sealing_keys = join(",", [
    for id in var.sealing_key_ids :
    "${id}:${replace(replace(trimsuffix(aws_ssm_parameter.sealing_key[id].value, "="), "+", "-"), "/", "_")}"
  ])
}

# One parameter, read once when the function starts: Lambda's environment, which many may read, holds no secret.
resource "aws_ssm_parameter" "secrets" {
  name        = "/lifestyle-api/${var.environment}/secrets"
  description = "Cognito client secret and sealing keys of the API."
  type        = "SecureString"

  value = jsonencode({
    COGNITO_CLIENT_SECRET = aws_cognito_user_pool_client.api.client_secret
    SEALING_KEYS          = local.sealing_keys
  })
}
