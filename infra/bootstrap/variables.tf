variable "aws_region" {
  description = "Region of the state bucket and of both stages."
  type        = string
}

variable "environments" {
  description = "Stages of this account; an account of its own for prod names only that."
  type        = set(string)
  default     = ["dev", "prod"]

  validation {
    condition     = length(setsubtract(var.environments, ["dev", "prod"])) == 0
    error_message = "Environments are dev and prod."
  }
}

variable "github" {
  description = <<-TEXT
    The repository that may deploy. The ids are numbers that survive a change of name: `gh api repos/OWNER/REPO --jq '.id, .owner.id'`.
    A repository made after 15 July 2026 sends its ids in the subject too; an older one does so once its owner switches it on.
  TEXT
  type = object({
    owner           = string
    repository      = string
    owner_id        = string
    repository_id   = string
    ids_in_subjects = optional(bool, true)
  })

  validation {
    condition     = alltrue([for id in [var.github.owner_id, var.github.repository_id] : can(regex("^[0-9]+$", id))])
    error_message = "github.owner_id and github.repository_id are numbers."
  }
}
