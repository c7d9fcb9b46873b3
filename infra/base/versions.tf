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
  # What holds people's accounts is protected twice in prod: by AWS here, and by prevent_destroy everywhere.
  production = var.environment == "prod"
}
