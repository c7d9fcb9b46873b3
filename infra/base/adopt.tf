import {
  for_each = toset(var.adopt.cognito_user_pool_id[*])
  to       = aws_cognito_user_pool.users
  id       = each.value
}

import {
  for_each = toset(var.adopt.cognito_client_id[*])
  to       = aws_cognito_user_pool_client.api
  id       = "${var.adopt.cognito_user_pool_id}/${each.value}"
}

import {
  for_each = toset(var.adopt.users_table ? ["users-${var.environment}"] : [])
  to       = aws_dynamodb_table.users
  id       = each.value
}

import {
  for_each = toset(var.adopt.ecr_repository ? ["lifestyle-app-${var.environment}"] : [])
  to       = aws_ecr_repository.app
  id       = each.value
}
