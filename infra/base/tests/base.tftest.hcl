# Plans only: what has prevent_destroy could not be torn down after an apply. Values that AWS would make are mocked in the plan.
mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  aws_region = "eu-central-1"
}

run "dev_has_the_fixed_names" {
  command = plan

  variables {
    environment = "dev"
  }

  assert {
    condition     = aws_cognito_user_pool.users.name == "ai-lifestyle-users-dev"
    error_message = "The pool's name is fixed."
  }

  assert {
    condition     = aws_dynamodb_table.users.name == "users-dev" && one(aws_dynamodb_table.users.global_secondary_index).name == "EmailIndex"
    error_message = "The names of table and index are fixed."
  }

  assert {
    condition     = aws_ecr_repository.app.name == "lifestyle-app-dev"
    error_message = "The repository's name is fixed."
  }

  assert {
    condition     = !aws_dynamodb_table.users.deletion_protection_enabled && aws_cognito_user_pool.users.deletion_protection == "INACTIVE"
    error_message = "A dev stage can be taken down."
  }
}

run "prod_cannot_be_deleted_by_mistake" {
  command = plan

  variables {
    environment = "prod"
  }

  assert {
    condition     = aws_dynamodb_table.users.deletion_protection_enabled && aws_cognito_user_pool.users.deletion_protection == "ACTIVE"
    error_message = "Pool and table of prod are protected by AWS too."
  }
}

run "table_is_encrypted_restorable_and_forgets" {
  command = plan

  variables {
    environment = "prod"
  }

  assert {
    condition     = aws_dynamodb_table.users.point_in_time_recovery[0].enabled && aws_dynamodb_table.users.server_side_encryption[0].enabled
    error_message = "The table is encrypted and can be restored to any second."
  }

  assert {
    condition     = aws_dynamodb_table.users.ttl[0].enabled && aws_dynamodb_table.users.ttl[0].attribute_name == "expiresAt"
    error_message = "Expired sessions and counters go by themselves."
  }
}

run "client_is_the_only_way_in" {
  command = plan

  variables {
    environment = "dev"
  }

  assert {
    condition     = aws_cognito_user_pool_client.api.generate_secret
    error_message = "Without a secret anybody could sign in at Cognito, past the API and its limits."
  }

  assert {
    condition     = toset(aws_cognito_user_pool_client.api.explicit_auth_flows) == toset(["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    error_message = "Only the flows that the service uses are open."
  }

  assert {
    condition     = aws_cognito_user_pool_client.api.prevent_user_existence_errors == "ENABLED" && aws_cognito_user_pool_client.api.enable_token_revocation
    error_message = "Cognito tells nobody who exists, and can revoke."
  }
}

run "secrets_are_encrypted_at_rest" {
  command = plan

  variables {
    environment = "dev"
  }

  assert {
    condition     = aws_ssm_parameter.secrets.type == "SecureString" && aws_ssm_parameter.secrets.name == "/lifestyle-api/dev/secrets"
    error_message = "One encrypted parameter for each stage."
  }
}

run "each_key_id_has_its_own_key" {
  command = plan

  variables {
    environment     = "dev"
    sealing_key_ids = ["new", "old"]
  }

  assert {
    condition     = toset(keys(aws_ssm_parameter.sealing_key)) == toset(["new", "old"])
    error_message = "A key belongs to its id, so that adding one leaves the others."
  }
}

run "live_images_never_expire" {
  command = plan

  variables {
    environment = "prod"
  }

  assert {
    condition     = aws_ecr_repository.app.image_tag_mutability == "IMMUTABLE"
    error_message = "A tag names one image for ever."
  }

  assert {
    condition = (
      jsondecode(aws_ecr_lifecycle_policy.app.policy).rules[0].selection.tagPatternList == ["release-*"]
      && jsondecode(aws_ecr_lifecycle_policy.app.policy).rules[0].rulePriority == 1
      && jsondecode(aws_ecr_lifecycle_policy.app.policy).rules[0].selection.countNumber == 9999
    )
    error_message = "The first rule takes released images away from all others."
  }
}

run "lambda_may_pull" {
  command = plan

  variables {
    environment = "dev"
  }

  assert {
    condition     = jsondecode(aws_ecr_repository_policy.app.policy).Statement[0].Principal.Service == "lambda.amazonaws.com"
    error_message = "The repository lets Lambda pull, and the policy is Terraform's."
  }

  assert {
    condition = contains(
      jsondecode(aws_ecr_repository_policy.app.policy).Statement[0].Condition.StringLike["aws:SourceArn"],
      "arn:aws:lambda:eu-central-1:123456789012:function:api-handler-dev"
    )
    error_message = "Only this stage's functions pull."
  }
}

run "a_third_environment_is_refused" {
  command = plan

  variables {
    environment = "staging"
  }

  expect_failures = [var.environment]
}

run "a_key_id_with_a_separator_is_refused" {
  command = plan

  variables {
    environment     = "dev"
    sealing_key_ids = ["a:b"]
  }

  expect_failures = [var.sealing_key_ids]
}

run "a_client_without_its_pool_is_not_adopted" {
  command = plan

  variables {
    environment = "dev"
    adopt       = { cognito_client_id = "abc" }
  }

  expect_failures = [var.adopt]
}

run "mail_comes_from_ses_where_an_identity_is_named" {
  command = plan

  variables {
    environment = "prod"
    mail        = { identity_arn = "arn:aws:ses:eu-central-1:123456789012:identity/example.com", from = "no-reply@example.com" }
  }

  assert {
    condition     = aws_cognito_user_pool.users.email_configuration[0].email_sending_account == "DEVELOPER"
    error_message = "Cognito's own sender stops after 50 mails a day."
  }
}
