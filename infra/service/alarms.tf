locals {
  gateway_dimensions = { ApiId = aws_apigatewayv2_api.api.id, Stage = aws_apigatewayv2_stage.default.name }
  handler_dimensions = {
    FunctionName = aws_lambda_function.function["api-handler"].function_name
    Resource     = "${aws_lambda_function.function["api-handler"].function_name}:${aws_lambda_alias.live.name}"
  }
  reconciler_dimensions = { FunctionName = aws_lambda_function.function["reconciler"].function_name }
  table_dimensions      = { TableName = var.dynamodb_table_name }
  index_dimensions      = { TableName = var.dynamodb_table_name, GlobalSecondaryIndexName = "EmailIndex" }

  own_namespace       = "lifestyle-api-${var.environment}"
  compensation_metric = "FailedCompensations"

  # Each goes off when the statistic of `minutes` passes the threshold; docs/runbook.md says what to do then.
  alarms = {
    api-latency = {
      namespace = "AWS/ApiGateway", metric = "Latency", dimensions = local.gateway_dimensions
      statistic = "p99", threshold = 3000, minutes = 5
      meaning   = "The slowest hundredth of the answers takes more than 3 s."
    }
    function-errors = {
      namespace = "AWS/Lambda", metric = "Errors", dimensions = local.handler_dimensions
      statistic = "Sum", threshold = 0, minutes = 1
      meaning   = "The function crashed, ran out of memory or timed out; a handled 500 never counts here."
    }
    function-throttles = {
      namespace = "AWS/Lambda", metric = "Throttles", dimensions = local.handler_dimensions
      statistic = "Sum", threshold = 0, minutes = 1
      meaning   = "The account's or the function's concurrency is used up."
    }
    function-duration = {
      namespace = "AWS/Lambda", metric = "Duration", dimensions = local.handler_dimensions
      statistic = "Maximum", threshold = 20000, minutes = 5
      meaning   = "A request came near the function's limit of 29 s."
    }
    table-reads = {
      namespace = "AWS/DynamoDB", metric = "ReadThrottleEvents", dimensions = local.table_dimensions
      statistic = "Sum", threshold = 0, minutes = 5
      meaning   = "DynamoDB refused reads."
    }
    table-writes = {
      namespace = "AWS/DynamoDB", metric = "WriteThrottleEvents", dimensions = local.table_dimensions
      statistic = "Sum", threshold = 0, minutes = 5
      meaning   = "DynamoDB refused writes."
    }
    index-writes = {
      namespace = "AWS/DynamoDB", metric = "WriteThrottleEvents", dimensions = local.index_dimensions
      statistic = "Sum", threshold = 0, minutes = 5
      meaning   = "EmailIndex cannot keep up, which holds back the table's own writes."
    }
    compensation = {
      namespace = local.own_namespace, metric = local.compensation_metric, dimensions = {}
      statistic = "Sum", threshold = 0, minutes = 5
      meaning   = "A registration failed half-way and could not be undone; the reconciler has it in the outbox."
    }
    reconciler-errors = {
      namespace = "AWS/Lambda", metric = "Errors", dimensions = local.reconciler_dimensions
      statistic = "Sum", threshold = 0, minutes = 15
      meaning   = "The run that heals failed registrations fails itself."
    }
  }
}

# The service logs every compensation; what failed becomes a metric here, so that the service needs no metrics library.
resource "aws_cloudwatch_log_metric_filter" "compensation" {
  for_each = aws_cloudwatch_log_group.function

  name           = "failed-compensations"
  log_group_name = each.value.name
  pattern        = "{ $.outcome = \"error\" && ($.event = \"undo_registration\" || $.event = \"note_leftover\") }"

  metric_transformation {
    namespace = local.own_namespace
    name      = local.compensation_metric
    value     = "1"
  }
}

resource "aws_sns_topic" "alarms" {
  name = "api-alarms-${var.environment}"
}

resource "aws_sns_topic_subscription" "mail" {
  for_each = toset(var.alarm_email[*])

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${each.key}-${var.environment}"
  alarm_description   = each.value.meaning
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = each.value.minutes * 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# A share, because a count means nothing at ten requests a second; from three on, because one of two is half.
resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "api-5xx-${var.environment}"
  alarm_description   = "More than one answer in a hundred is a 5xx. Handled 500s show only here, never as an error of Lambda."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "share"
    expression  = "IF(errors >= 3, 100 * errors / requests, 0)"
    label       = "5xx in percent"
    return_data = true
  }

  metric_query {
    id = "errors"

    metric {
      namespace   = "AWS/ApiGateway"
      metric_name = "5xx"
      dimensions  = local.gateway_dimensions
      period      = 60
      stat        = "Sum"
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApiGateway"
      metric_name = "Count"
      dimensions  = local.gateway_dimensions
      period      = 60
      stat        = "Sum"
    }
  }
}
