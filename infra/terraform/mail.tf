resource "aws_sesv2_configuration_set" "briefings" {
  configuration_set_name = "resurge-briefings"

  delivery_options {
    tls_policy = "REQUIRE"
  }

  reputation_options {
    reputation_metrics_enabled = true
  }

  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }
}

resource "aws_sesv2_email_identity" "sender" {
  email_identity         = var.mail_domain
  configuration_set_name = aws_sesv2_configuration_set.briefings.configuration_set_name
}

resource "aws_sns_topic" "feedback" {
  count             = var.feedback == "" ? 0 : 1
  name              = "resurge-mail-feedback"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "feedback" {
  count     = var.feedback == "" ? 0 : 1
  topic_arn = aws_sns_topic.feedback[0].arn
  protocol  = "email"
  endpoint  = var.feedback
}

resource "aws_sesv2_configuration_set_event_destination" "feedback" {
  count                  = var.feedback == "" ? 0 : 1
  configuration_set_name = aws_sesv2_configuration_set.briefings.configuration_set_name
  event_destination_name = "feedback"

  event_destination {
    enabled              = true
    matching_event_types = ["BOUNCE", "COMPLAINT", "REJECT"]
    sns_destination {
      topic_arn = aws_sns_topic.feedback[0].arn
    }
  }
}
