# Plans only, for speed; values that AWS would make are mocked in the plan.
mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mock" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:mock", version = "7" }
  }

  mock_resource "aws_lambda_alias" {
    defaults = {
      arn        = "arn:aws:lambda:eu-central-1:123456789012:function:mock:live"
      invoke_arn = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/mock:live/invocations"
    }
  }

  mock_resource "aws_apigatewayv2_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-central-1:123456789012:mock" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mock" }
  }

  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:mock" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:123456789012:rule/mock" }
  }
}

variables {
  environment          = "dev"
  aws_region           = "eu-central-1"
  image_uri            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lifestyle-app-dev@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  cognito_user_pool_id = "eu-central-1_AbCdEfGhI"
  cognito_client_id    = "client"
  dynamodb_table_name  = "users-dev"
  secrets_parameter    = "/lifestyle-api/dev/secrets"
  secrets_version      = 1
}

run "function_is_as_promised" {
  command = plan

  assert {
    condition     = aws_lambda_function.function["api-handler"].function_name == "api-handler-dev"
    error_message = "The function's name is fixed."
  }

  assert {
    condition     = tolist(aws_lambda_function.function["api-handler"].architectures) == tolist(["arm64"]) && aws_lambda_function.function["api-handler"].package_type == "Image"
    error_message = "An arm64 image."
  }

  assert {
    condition     = aws_lambda_alias.live.name == "live" && aws_lambda_function.function["api-handler"].publish
    error_message = "Apply publishes a version, the alias serves one."
  }

  assert {
    condition     = aws_lambda_function.function["api-handler"].timeout < 30
    error_message = "The function gives up before the gateway does."
  }

  assert {
    condition     = aws_apigatewayv2_integration.live.integration_uri == aws_lambda_alias.live.invoke_arn && aws_lambda_permission.gateway.qualifier == "live"
    error_message = "The gateway calls the alias, never the newest code."
  }
}

run "environment_holds_no_secret" {
  command = plan

  assert {
    condition = length(setintersection(
      keys(aws_lambda_function.function["api-handler"].environment[0].variables), ["COGNITO_CLIENT_SECRET", "SEALING_KEYS"]
    )) == 0
    error_message = "Secrets are read from the parameter at start."
  }

  assert {
    condition     = aws_lambda_function.function["api-handler"].environment[0].variables.SECRETS_PARAMETER == "/lifestyle-api/dev/secrets"
    error_message = "The function knows where its secrets are."
  }
}

run "contract_decides_the_throttled_routes" {
  command = plan

  assert {
    condition     = contains(keys(aws_apigatewayv2_route.route), "$default")
    error_message = "Everything that is not throttled goes the default way."
  }

  assert {
    condition = toset([for route in aws_apigatewayv2_stage.default.route_settings : route.route_key]) == toset(flatten([
      for path, item in yamldecode(file("../../openapi.yaml")).paths : [
        for method, operation in item : "${upper(method)} /v1${path}" if can(operation["x-throttle"])
      ]
    ]))
    error_message = "Each x-throttle of the contract is a limit of the stage, and there is no other."
  }

  assert {
    condition     = contains([for route in aws_apigatewayv2_stage.default.route_settings : route.route_key], "POST /v1/auth/login")
    error_message = "Sign-in is throttled."
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_stage.default.route_settings : contains(keys(aws_apigatewayv2_route.route), route.route_key)])
    error_message = "A limit needs its route."
  }
}

run "a_preflight_is_answered_for_named_origins" {
  command = plan

  variables {
    allowed_origins = ["https://app.example.com"]
  }

  assert {
    condition     = tolist(aws_apigatewayv2_api.api.cors_configuration[0].allow_origins) == tolist(["https://app.example.com"])
    error_message = "Browsers of named origins are let in."
  }

  assert {
    condition     = aws_lambda_function.function["api-handler"].environment[0].variables.ALLOWED_ORIGINS == "https://app.example.com"
    error_message = "Gateway and service know the same list."
  }
}

run "without_origins_there_is_no_cors" {
  command = plan

  assert {
    condition     = length(aws_apigatewayv2_api.api.cors_configuration) == 0
    error_message = "Nothing is opened by default."
  }
}

run "roles_stay_within_the_boundary" {
  command = plan

  assert {
    condition     = alltrue([for role in aws_iam_role.function : role.permissions_boundary == "arn:aws:iam::123456789012:policy/lifestyle-functions-dev"])
    error_message = "Every role of a function has the boundary."
  }

  assert {
    condition = alltrue([
      for policy in aws_iam_role_policy.function : alltrue([for statement in jsondecode(policy.policy).Statement : !strcontains(jsonencode(statement), "*")])
    ])
    error_message = "No wildcard, neither in an action nor in a resource."
  }
}

run "logs_do_not_stay_for_ever" {
  command = plan

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.function : group.retention_in_days > 0]) && aws_cloudwatch_log_group.access.retention_in_days > 0
    error_message = "Every log group has a retention."
  }

  assert {
    condition     = !strcontains(aws_apigatewayv2_stage.default.access_log_settings[0].format, "querystring")
    error_message = "The query string is not logged."
  }
}

run "someone_is_told" {
  command = plan

  variables {
    alarm_email = "oncall@example.com"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarm : length(alarm.alarm_actions) == 1]) && length(aws_sns_topic_subscription.mail) == 1
    error_message = "Every alarm reaches the topic, and the topic somebody."
  }

  assert {
    condition     = length(output.alarm_names) == length(aws_cloudwatch_metric_alarm.alarm) + 1
    error_message = "The release watches every alarm."
  }
}

run "mail_is_allowed_only_from_the_identity" {
  command = plan

  variables {
    mail = { identity_arn = "arn:aws:ses:eu-central-1:123456789012:identity/example.com", from = "no-reply@example.com" }
  }

  assert {
    condition     = jsondecode(one(values(aws_iam_role_policy.mail)).policy).Statement[0].Resource == "arn:aws:ses:eu-central-1:123456789012:identity/example.com"
    error_message = "The function sends in one name."
  }

  assert {
    condition     = aws_lambda_function.function["api-handler"].environment[0].variables.MAIL_SENDER == "no-reply@example.com"
    error_message = "The function knows its sender."
  }
}

run "a_tag_is_refused" {
  command = plan

  variables {
    image_uri = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lifestyle-app-dev:latest"
  }

  expect_failures = [var.image_uri]
}

run "an_image_function_needs_an_image" {
  command = plan

  variables {
    image_uri = null
  }

  expect_failures = [var.image_uri]
}

run "a_wildcard_origin_is_refused" {
  command = plan

  variables {
    allowed_origins = ["*"]
  }

  expect_failures = [var.allowed_origins]
}
