variable "bucket" {
  description = "Name of the bucket that holds the workspace."
  type        = string
}

variable "prefix" {
  description = "Where in the bucket the workspace is, without slashes at the ends."
  type        = string
  default     = "resurge"
}

variable "object_lock" {
  description = "Make the bucket with object lock, for RESURGE_S3_OBJECT_LOCK_DAYS. Cannot be changed later."
  type        = bool
  default     = false
}

variable "worker_principals" {
  description = "ARNs that may become the worker, such as the role of its machine."
  type        = list(string)
}

variable "reader_principals" {
  description = "ARNs that may become a reader of briefings."
  type        = list(string)
}

variable "mail_domain" {
  description = "Domain that mail is sent from; its DKIM records are an output."
  type        = string
}

variable "sender" {
  description = "Address that mail is sent from, within the domain."
  type        = string
}

variable "feedback" {
  description = "Address that is told of bounces and complaints; empty: nobody."
  type        = string
  default     = ""
}
