output "state_bucket" {
  description = "Bucket of every root's state."
  value       = aws_s3_bucket.state.bucket
}

output "deploy_role_arns" {
  description = "The role of each stage, for its GitHub environment."
  value       = { for environment, role in aws_iam_role.deploy : environment => role.arn }
}
