resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  issuer = "token.actions.githubusercontent.com"
  repository = (
    var.github.ids_in_subjects
    ? "${var.github.owner}@${var.github.owner_id}/${var.github.repository}@${var.github.repository_id}"
    : "${var.github.owner}/${var.github.repository}"
  )

  # One policy per root, because one document may hold 6 144 characters.
  policies = {
    for pair in setproduct(var.environments, ["base", "service"]) :
    "${pair[1]}-${pair[0]}" => { environment = pair[0], root = pair[1] }
  }
}

# Only a job that names the GitHub environment gets here, so that its reviewers and branch rules stand before every deployment.
resource "aws_iam_role" "deploy" {
  for_each = var.environments

  name                 = "lifestyle-deploy-${each.key}"
  description          = "Deploys ${each.key} from GitHub Actions."
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud"           = "sts.amazonaws.com"
          "${local.issuer}:sub"           = "repo:${local.repository}:environment:${each.key}"
          "${local.issuer}:repository_id" = var.github.repository_id
        }
      }
    }]
  })

  tags = { Environment = each.key }
}

resource "aws_iam_policy" "deploy" {
  for_each = local.policies

  name        = "lifestyle-deploy-${each.key}"
  description = "What deploying ${each.value.root} of ${each.value.environment} takes; it can delete neither the pool nor the table."

  policy = templatefile("${path.module}/policies/deploy-${each.value.root}.json.tftpl", {
    account     = local.account
    region      = var.aws_region
    environment = each.value.environment
    bucket      = aws_s3_bucket.state.bucket
  })

  tags = { Environment = each.value.environment }
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = local.policies

  role       = aws_iam_role.deploy[each.value.environment].name
  policy_arn = aws_iam_policy.deploy[each.key].arn
}

# Who may write roles may write himself one that may do everything: the functions' roles are therefore
# accepted only with this boundary, and no policy reaches beyond it.
resource "aws_iam_policy" "boundary" {
  for_each = var.environments

  name        = "lifestyle-functions-${each.key}"
  description = "The most that a function of ${each.key} may ever be granted."

  policy = templatefile("${path.module}/policies/boundary.json.tftpl", {
    account     = local.account
    region      = var.aws_region
    environment = each.key
  })

  tags = { Environment = each.key }
}
