resource "aws_cloudwatch_event_rule" "reconciler" {
  name                = "reconciler-${var.environment}"
  description         = "Heals registrations whose compensation failed."
  schedule_expression = "rate(15 minutes)"
}

resource "aws_cloudwatch_event_target" "reconciler" {
  rule = aws_cloudwatch_event_rule.reconciler.name
  arn  = aws_lambda_function.function["reconciler"].arn
}

resource "aws_lambda_permission" "reconciler" {
  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function["reconciler"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.reconciler.arn
}
