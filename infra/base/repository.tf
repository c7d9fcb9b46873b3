resource "aws_ecr_repository" "app" {
  name                 = "lifestyle-app-${var.environment}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

# The image behind `live` must never expire: the function would go to the state Failed. A release tags its image
# `release-*` before traffic moves, and ECR never lets a lower rule expire what a higher rule has matched.
resource "aws_ecr_lifecycle_policy" "app" {
  repository = aws_ecr_repository.app.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Keep every image that was ever live."
        selection = {
          tagStatus      = "tagged"
          tagPatternList = ["release-*"]
          countType      = "imageCountMoreThan"
          countNumber    = 9999
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Keep the newest hundred images of runs that went no further."
        selection = {
          tagStatus      = "tagged"
          tagPatternList = ["run-*"]
          countType      = "imageCountMoreThan"
          countNumber    = 100
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 3
        description  = "Drop what a failed push left behind."
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 14
        }
        action = { type = "expire" }
      },
    ]
  })
}

# Lambda writes this policy itself when it is missing, and Terraform would then remove it: so it is ours.
resource "aws_ecr_repository_policy" "app" {
  repository = aws_ecr_repository.app.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaPullsItsImage"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      Condition = {
        StringLike = {
          "aws:SourceArn" = [
            for name in ["api-handler", "reconciler"] :
            "arn:aws:lambda:${var.aws_region}:${data.aws_caller_identity.current.account_id}:function:${name}-${var.environment}"
          ]
        }
      }
    }]
  })
}
