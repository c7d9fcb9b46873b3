locals {
  # One package, two entry points: the API behind the gateway, and the run that heals what a crash left half-done.
  functions = {
    api-handler = { handler = "service.lambda_handler.handler", memory_mb = var.memory_mb, timeout = 29 }
    reconciler  = { handler = "service.reconcile.handler", memory_mb = 512, timeout = 300 }
  }

  environment = merge({
    ALLOWED_ORIGINS        = join(",", var.allowed_origins)
    COGNITO_CLIENT_ID      = var.cognito_client_id
    COGNITO_USER_POOL_ID   = var.cognito_user_pool_id
    ENVIRONMENT            = var.environment
    HIDE_EXISTING_ACCOUNTS = tostring(var.hide_existing_accounts)
    LOG_LEVEL              = var.log_level
    SECRETS_PARAMETER      = var.secrets_parameter
    SECRETS_VERSION        = tostring(var.secrets_version)
    SERVICE_VERSION        = var.service_version
    USERS_TABLE            = var.dynamodb_table_name
  }, { for from in var.mail[*].from : "MAIL_SENDER" => from }, var.extra_environment)
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${each.key}-${var.environment}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name        = "${each.key}-${var.environment}"
  description = "What ${each.key} may do: exactly the calls it makes, on exactly these resources."

  # Made by the bootstrap root; the deploy role may write no role without it.
  permissions_boundary = "arn:aws:iam::${local.account}:policy/lifestyle-functions-${var.environment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "calls"
  role = aws_iam_role.function[each.key].id

  policy = templatefile("${path.module}/policies/${each.key}.json.tftpl", {
    pool_arn    = local.pool_arn
    table_arn   = local.table_arn
    secrets_arn = "arn:aws:ssm:${var.aws_region}:${local.account}:parameter${var.secrets_parameter}"
  })
}

resource "aws_iam_role_policy" "runtime" {
  for_each = local.functions

  name = "runtime"
  role = aws_iam_role.function[each.key].id

  policy = templatefile("${path.module}/policies/runtime.json.tftpl", {
    log_group_arn = aws_cloudwatch_log_group.function[each.key].arn
  })
}

resource "aws_iam_role_policy" "mail" {
  for_each = toset(var.mail[*].identity_arn)

  name   = "mail"
  role   = aws_iam_role.function["api-handler"].id
  policy = templatefile("${path.module}/policies/mail.json.tftpl", { identity_arn = each.value })
}

resource "aws_lambda_function" "function" {
  for_each = local.functions

  function_name = "${each.key}-${var.environment}"
  role          = aws_iam_role.function[each.key].arn
  architectures = ["arm64"]
  memory_size   = each.value.memory_mb
  timeout       = each.value.timeout
  package_type  = var.package_type
  publish       = each.key == "api-handler"

  image_uri        = var.package_type == "Image" ? var.image_uri : null
  filename         = var.package_type == "Zip" ? var.zip_file : null
  source_code_hash = var.package_type == "Zip" ? filebase64sha256(var.zip_file) : null
  handler          = var.package_type == "Zip" ? each.value.handler : null
  runtime          = var.package_type == "Zip" ? "python3.13" : null

  dynamic "image_config" {
    for_each = var.package_type == "Image" ? [each.value.handler] : []

    content {
      command = [image_config.value]
    }
  }

  environment {
    variables = local.environment
  }

  logging_config {
    log_format = "Text" # The service writes JSON itself; Lambda's JSON would wrap it once more.
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy.runtime]
}

# Apply publishes a version and leaves traffic where it is: the release script moves the alias, in steps, and back.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that serves; moved by the release, not by Terraform."
  function_name    = aws_lambda_function.function["api-handler"].function_name
  function_version = aws_lambda_function.function["api-handler"].version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  count = var.provisioned_concurrency > 0 ? 1 : 0

  function_name                     = aws_lambda_alias.live.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = var.provisioned_concurrency
}
