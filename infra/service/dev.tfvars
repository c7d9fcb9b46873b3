environment = "dev"
aws_region  = "eu-central-1"

log_retention_days = 14
