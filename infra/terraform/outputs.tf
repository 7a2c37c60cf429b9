output "workspace" {
  description = "For RESURGE_WORKSPACE."
  value       = "s3://${aws_s3_bucket.workspace.id}/${var.prefix}"
}

output "kms_key" {
  description = "For RESURGE_S3_KMS_KEY_ID, with RESURGE_S3_SSE=aws:kms."
  value       = aws_kms_key.workspace.arn
}

output "worker_role" {
  value = aws_iam_role.worker.arn
}

output "reader_role" {
  value = aws_iam_role.reader.arn
}

output "configuration_set" {
  description = "For RESURGE_SES_CONFIGURATION_SET."
  value       = aws_sesv2_configuration_set.briefings.configuration_set_name
}

output "dkim_tokens" {
  description = "CNAME records <token>._domainkey.<domain> to <token>.dkim.amazonses.com prove the domain."
  value       = aws_sesv2_email_identity.sender.dkim_signing_attributes[0].tokens
}
