# Two random UUIDs are 244 bits or more; the hash makes of them the 32 bytes that AES-256 takes. A data source of random
# passwords would print them in the log of every plan, as its id, and the random provider would be one supply chain more.
resource "terraform_data" "sealing_key" {
  for_each = toset(var.sealing_key_ids)

  input = sensitive(base64sha256("${uuid()}${uuid()}"))

  # uuid() answers anew at every apply; the first answer is kept.
  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  # SEALING_KEYS is `kid:key,kid:key` with the key in unpadded base64url (RFC 4648, section 5).
  sealing_keys = join(",", [
    for id in var.sealing_key_ids :
    "${id}:${replace(replace(trimsuffix(terraform_data.sealing_key[id].output, "="), "+", "-"), "/", "_")}"
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
