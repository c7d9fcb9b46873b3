# Plans only: the bucket has prevent_destroy and could not be torn down after an apply.
mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/mock" }
  }

  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
}

variables {
  aws_region = "eu-central-1"
  github = {
    owner         = "acme"
    repository    = "lifestyle-api"
    owner_id      = "11"
    repository_id = "22"
  }
}

run "trust_names_one_repository_and_one_environment" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.deploy["prod"].assume_role_policy).Statement[0].Condition.StringEquals == {
      "token.actions.githubusercontent.com:aud"           = "sts.amazonaws.com"
      "token.actions.githubusercontent.com:repository_id" = "22"
      "token.actions.githubusercontent.com:sub"           = "repo:acme@11/lifestyle-api@22:environment:prod"
    }
    error_message = "aud, sub and repository_id are compared exactly."
  }
}

run "older_repositories_send_names_only" {
  command = plan

  variables {
    github = {
      owner           = "acme"
      repository      = "lifestyle-api"
      owner_id        = "11"
      repository_id   = "22"
      ids_in_subjects = false
    }
  }

  assert {
    condition     = jsondecode(aws_iam_role.deploy["dev"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:acme/lifestyle-api:environment:dev"
    error_message = "The older form of the subject."
  }
}

run "deploying_cannot_delete_accounts" {
  command = plan

  assert {
    condition = alltrue([
      for policy in aws_iam_policy.deploy :
      !strcontains(policy.policy, "DeleteUserPool") && !strcontains(policy.policy, "DeleteTable") && !strcontains(policy.policy, "DeleteRepository\"")
    ])
    error_message = "No pipeline deletes the pool, the table or the images."
  }
}

run "roles_are_passed_to_lambda_only" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_policy.deploy : [
        for statement in jsondecode(policy.policy).Statement :
        statement.Condition.StringEquals["iam:PassedToService"] == "lambda.amazonaws.com"
        if contains(flatten([statement.Action]), "iam:PassRole")
      ]
    ]))
    error_message = "iam:PassRole goes to Lambda."
  }

  assert {
    condition     = strcontains(aws_iam_policy.deploy["service-dev"].policy, "iam:PassRole")
    error_message = "The rule above looked at something."
  }
}

run "roles_are_written_only_with_the_boundary" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_policy.deploy : [
        for statement in jsondecode(policy.policy).Statement :
        can(statement.Condition.StringEquals["iam:PermissionsBoundary"])
        if length(setintersection(flatten([statement.Action]), ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])) > 0
      ]
    ]))
    error_message = "Nobody writes himself a role that may do more."
  }
}

run "one_stage_never_reaches_the_other" {
  command = plan

  assert {
    condition = alltrue([
      for name, policy in aws_iam_policy.deploy :
      !strcontains(policy.policy, endswith(name, "-dev") ? "-prod" : "-dev") && !strcontains(policy.policy, endswith(name, "-dev") ? "/prod/" : "/dev/")
    ])
    error_message = "dev's role names nothing of prod."
  }
}

run "documents_are_small_enough" {
  command = plan

  assert {
    condition     = alltrue([for policy in aws_iam_policy.deploy : length(replace(policy.policy, "/\\s/", "")) <= 6144])
    error_message = "A managed policy holds 6 144 characters without blanks."
  }
}
