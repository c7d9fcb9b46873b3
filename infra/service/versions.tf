terraform {
  # 1.11 is the first release in which S3's own locking is not experimental.
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }

  # bucket, key and region come from the command line: one root serves both environments.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = {
      Environment = var.environment
      ManagedBy   = "terraform"
      Repository  = var.repository
      Service     = "lifestyle-api"
    }
  }
}

data "aws_caller_identity" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  pool_arn  = "arn:aws:cognito-idp:${var.aws_region}:${local.account}:userpool/${var.cognito_user_pool_id}"
  table_arn = "arn:aws:dynamodb:${var.aws_region}:${local.account}:table/${var.dynamodb_table_name}"
}
