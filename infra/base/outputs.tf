output "ecr_repository_url" {
  description = "Where phase 2 pushes; holds the account number, which a pipeline may mask."
  value       = aws_ecr_repository.app.repository_url
}

output "ecr_repository_name" {
  description = "Name of the repository, safe to pass between jobs."
  value       = aws_ecr_repository.app.name
}

output "dynamodb_table_name" {
  description = "The users table."
  value       = aws_dynamodb_table.users.name
}

output "cognito_user_pool_id" {
  description = "The user pool."
  value       = aws_cognito_user_pool.users.id
}

output "cognito_client_id" {
  description = "The pool's only client."
  value       = aws_cognito_user_pool_client.api.id
}

output "service_inputs" {
  description = "What the service root takes from this one, by its variables' names; nothing secret, no account number."
  value = {
    cognito_user_pool_id = aws_cognito_user_pool.users.id
    cognito_client_id    = aws_cognito_user_pool_client.api.id
    dynamodb_table_name  = aws_dynamodb_table.users.name
    secrets_parameter    = aws_ssm_parameter.secrets.name
    secrets_version      = aws_ssm_parameter.secrets.version
  }
}
