environment = "dev"
aws_region  = "eu-central-1"
