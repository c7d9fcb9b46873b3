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

variable "package_type" {
  description = "Image in every stage; Zip where there is no registry. Changing it replaces the function."
  type        = string
  default     = "Image"

  validation {
    condition     = contains(["Image", "Zip"], var.package_type)
    error_message = "package_type is Image or Zip."
  }
}

variable "image_uri" {
  description = "The image by digest. A tag can be moved under a running function, and a plan would not show it."
  type        = string
  default     = null

  validation {
    condition     = var.package_type == "Zip" || can(regex("^[a-z0-9./-]+@sha256:[0-9a-f]{64}$", var.image_uri))
    error_message = "image_uri is REPOSITORY@sha256:DIGEST, never a tag."
  }
}

variable "zip_file" {
  description = "Path of the package where package_type is Zip."
  type        = string
  default     = null

  validation {
    condition     = var.package_type == "Image" || can(filebase64sha256(var.zip_file))
    error_message = "zip_file names a file that can be read."
  }
}

variable "service_version" {
  description = "What the health check and the logs call this release."
  type        = string
  default     = "0.0.0"
}

variable "cognito_user_pool_id" {
  description = "The base root's pool."
  type        = string
}

variable "cognito_client_id" {
  description = "The base root's client."
  type        = string
}

variable "dynamodb_table_name" {
  description = "The base root's table."
  type        = string
}

variable "secrets_parameter" {
  description = "Name of the parameter that holds the client secret and the sealing keys."
  type        = string
}

variable "secrets_version" {
  description = "Version of that parameter; a new one makes a new function version, so that no warm instance keeps old keys."
  type        = number
}

variable "allowed_origins" {
  description = "Origins of browser clients; the gateway answers their preflights. A wildcard is refused, as the application refuses it."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.allowed_origins : can(regex("^https?://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "An origin is scheme, host and port: https://app.example.com."
  }
}

variable "hide_existing_accounts" {
  description = "Whether registration answers alike for taken and free addresses; the owner is mailed, so it needs `mail`."
  type        = bool
  default     = false

  validation {
    condition     = !var.hide_existing_accounts || var.mail != null
    error_message = "hide_existing_accounts mails the owner of a taken address: set mail too."
  }
}

variable "log_level" {
  description = "Lowest level that is logged."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level is DEBUG, INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 90
}

variable "memory_mb" {
  description = "Memory of the function; the share of a CPU grows with it, and the start is bound by the CPU."
  type        = number
  default     = 1024
}

variable "provisioned_concurrency" {
  description = "Instances kept warm behind the alias; 0 for none."
  type        = number
  default     = 0
}

variable "default_throttle" {
  description = "Limit of the whole stage, in requests: a bucket and its refill per second. Routes with x-throttle have their own."
  type        = object({ burst = number, rate = number })
  default     = { burst = 200, rate = 100 }
}

variable "mail" {
  description = "Verified SES identity and sender of the notices; null where none is set up."
  type = object({
    identity_arn = string
    from         = string
  })
  default = null
}

variable "alarm_email" {
  description = "Who is told when an alarm goes off; null for nobody."
  type        = string
  default     = null
}

variable "disable_execute_api_endpoint" {
  description = "Whether only a custom domain (CloudFront with WAF) reaches the API."
  type        = bool
  default     = false
}

variable "extra_environment" {
  description = "More of the function's environment: an emulator needs its own addresses there."
  type        = map(string)
  default     = {}
}
