output "api_lambda_arn" {
  description = "The API's function, unqualified."
  value       = aws_lambda_function.function["api-handler"].arn
}

output "function_name" {
  description = "The API's function, for the release script."
  value       = aws_lambda_function.function["api-handler"].function_name
}

output "function_version" {
  description = "The version that the last apply published; not necessarily the one that serves."
  value       = aws_lambda_function.function["api-handler"].version
}

output "alias_name" {
  description = "The alias that the gateway calls."
  value       = aws_lambda_alias.live.name
}

output "api_endpoint" {
  description = "Base address; the contract's paths follow it."
  value       = aws_apigatewayv2_stage.default.invoke_url
}

output "api_id" {
  description = "The HTTP API."
  value       = aws_apigatewayv2_api.api.id
}

output "alarm_names" {
  description = "Alarms whose going off ends a release."
  value       = sort(concat([for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.alarm_name], [aws_cloudwatch_metric_alarm.server_errors.alarm_name]))
}
