locals {
  contract  = yamldecode(file("${path.module}/../../openapi.yaml"))
  base_path = local.contract.servers[0].url

  # `x-throttle: {burst, rate}` on an operation of the contract is the gateway's limit for that route, for all callers
  # together; the limits per account and per address are the service's own.
  throttled_routes = merge([
    for path, item in local.contract.paths : {
      for method, operation in item :
      "${upper(method)} ${local.base_path}${path}" => operation["x-throttle"] if can(operation["x-throttle"].burst)
    }
  ]...)
}

resource "aws_apigatewayv2_api" "api" {
  name                         = "ai-lifestyle-${var.environment}"
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = var.disable_execute_api_endpoint

  dynamic "cors_configuration" {
    for_each = length(var.allowed_origins) > 0 ? [var.allowed_origins] : []

    content {
      allow_origins = cors_configuration.value
      allow_methods = ["DELETE", "GET", "PATCH", "POST"]
      allow_headers = ["authorization", "content-type", "idempotency-key", "if-match", "x-request-id"]
      expose_headers = [
        "etag", "idempotent-replayed", "location", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate",
        "x-request-id",
      ]
      max_age = 3600
    }
  }
}

resource "aws_apigatewayv2_integration" "live" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.live.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000 # The function gives up at 29 s, so that the function, not the gateway, answers.
}

# `$default` sends everything to the service, which knows the contract; the others exist only to be throttled.
# An authorizer here would answer 401 without problem+json: the service verifies tokens.
resource "aws_apigatewayv2_route" "route" {
  for_each = toset(concat(["$default"], keys(local.throttled_routes)))

  api_id    = aws_apigatewayv2_api.api.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.live.id}"
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/vendedlogs/apis/ai-lifestyle-${var.environment}"
  retention_in_days = var.log_retention_days
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    throttling_burst_limit   = var.default_throttle.burst
    throttling_rate_limit    = var.default_throttle.rate
  }

  dynamic "route_settings" {
    for_each = local.throttled_routes

    content {
      route_key                = route_settings.key
      detailed_metrics_enabled = true
      throttling_burst_limit   = route_settings.value.burst
      throttling_rate_limit    = route_settings.value.rate
    }
  }

  # The query string stays out: a client that puts a token there by mistake must not have it in the log too.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      requestId        = "$context.requestId"
      time             = "$context.requestTime"
      sourceIp         = "$context.identity.sourceIp"
      userAgent        = "$context.identity.userAgent"
      method           = "$context.httpMethod"
      path             = "$context.path"
      route            = "$context.routeKey"
      protocol         = "$context.protocol"
      status           = "$context.status"
      responseLength   = "$context.responseLength"
      latencyMs        = "$context.responseLatency"
      functionMs       = "$context.integrationLatency"
      integrationError = "$context.integrationErrorMessage"
    })
  }

  # Settings of a route that does not exist yet are refused.
  depends_on = [aws_apigatewayv2_route.route]
}

resource "aws_lambda_permission" "gateway" {
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_alias.live.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*"
}
