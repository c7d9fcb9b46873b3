locals {
  gateway_metric = ["ApiId", local.gateway_dimensions.ApiId, "Stage", local.gateway_dimensions.Stage]
  handler_metric = ["FunctionName", local.handler_dimensions.FunctionName, "Resource", local.handler_dimensions.Resource]

  graphs = {
    "1 Requests and failures" = [
      concat(["AWS/ApiGateway", "Count"], local.gateway_metric, [{ stat = "Sum" }]),
      concat(["AWS/ApiGateway", "4xx"], local.gateway_metric, [{ stat = "Sum" }]),
      concat(["AWS/ApiGateway", "5xx"], local.gateway_metric, [{ stat = "Sum" }]),
    ]
    "2 Latency in milliseconds" = [
      for stat in ["p50", "p90", "p99"] : concat(["AWS/ApiGateway", "Latency"], local.gateway_metric, [{ stat = stat }])
    ]
    "3 Function" = [
      concat(["AWS/Lambda", "Errors"], local.handler_metric, [{ stat = "Sum" }]),
      concat(["AWS/Lambda", "Throttles"], local.handler_metric, [{ stat = "Sum" }]),
      concat(["AWS/Lambda", "ConcurrentExecutions"], local.handler_metric, [{ stat = "Maximum" }]),
      concat(["AWS/Lambda", "Duration"], local.handler_metric, [{ stat = "p99", yAxis = "right" }]),
    ]
    "4 Table" = [
      for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"] :
      ["AWS/DynamoDB", metric, "TableName", var.dynamodb_table_name, { stat = "Sum" }]
    ]
    "5 Cognito" = [
      for metric in ["SignInThrottles", "SignUpThrottles", "TokenRefreshThrottles"] :
      ["AWS/Cognito", metric, "UserPool", var.cognito_user_pool_id, "UserPoolClient", var.cognito_client_id, { stat = "Sum" }]
    ]
    "6 Healing" = [
      [local.own_namespace, local.compensation_metric, { stat = "Sum" }],
      ["AWS/Lambda", "Errors", "FunctionName", local.reconciler_dimensions.FunctionName, { stat = "Sum" }],
    ]
  }
}

resource "aws_cloudwatch_dashboard" "api" {
  dashboard_name = "ai-lifestyle-${var.environment}"

  dashboard_body = jsonencode({
    widgets = concat([
      {
        type = "alarm", x = 0, y = 0, width = 24, height = 3
        properties = {
          title  = "Alarms"
          alarms = concat([for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.arn], [aws_cloudwatch_metric_alarm.server_errors.arn])
        }
      }], [
      for index, title in sort(keys(local.graphs)) : {
        type = "metric", x = 12 * (index % 2), y = 3 + 6 * floor(index / 2), width = 12, height = 6
        properties = {
          title   = substr(title, 2, -1)
          region  = var.aws_region
          period  = 60
          metrics = local.graphs[title]
        }
      }
    ])
  })
}
