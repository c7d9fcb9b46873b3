variable "environment" {
  description = "Stage; part of every name."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment is dev or prod."
  }
}

variable "aws_region" {
  description = "Region of everything in this root."
  type        = string
}

variable "repository" {
  description = "Source repository, for the tag that says where a resource is described."
  type        = string
  default     = "lifestyle-api"
}

variable "sealing_key_ids" {
  description = <<-TEXT
    Ids of the keys that seal refresh tokens. The first seals, all open. To rotate: add the new id at the end, deploy,
    move it to the front, deploy, and drop the old one when the longest session (30 days) is over.
  TEXT
  type        = list(string)
  default     = ["k1"]

  validation {
    condition     = length(var.sealing_key_ids) > 0 && length(distinct(var.sealing_key_ids)) == length(var.sealing_key_ids)
    error_message = "At least one key id, and none twice."
  }

  validation {
    condition     = alltrue([for id in var.sealing_key_ids : can(regex("^[A-Za-z0-9]{1,16}$", id))])
    error_message = "A key id is 1 to 16 letters and digits."
  }
}

variable "mail" {
  description = "Verified SES identity and sender for Cognito's mails; null uses Cognito's own sender, limited to 50 mails a day."
  type = object({
    identity_arn = string
    from         = string
  })
  default = null

  validation {
    condition     = var.mail == null || can(regex("^arn:aws[a-z-]*:ses:[a-z0-9-]+:[0-9]{12}:identity/.+$", var.mail.identity_arn))
    error_message = "mail.identity_arn is the ARN of an SES identity."
  }
}

variable "adopt" {
  description = <<-TEXT
    Resources that exist already and are to be taken over by the first apply. DynamoDB and ECR fail loudly when the name is
    taken; Cognito silently makes a second pool of the same name, and every account would be left behind in the first.
  TEXT
  type = object({
    cognito_user_pool_id = optional(string)
    cognito_client_id    = optional(string)
    users_table          = optional(bool, false)
    ecr_repository       = optional(bool, false)
  })
  default = {}

  validation {
    condition     = var.adopt.cognito_client_id == null || var.adopt.cognito_user_pool_id != null
    error_message = "A client can be adopted only together with its pool."
  }
}
