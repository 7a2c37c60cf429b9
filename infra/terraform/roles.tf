# Exactly what the program asks for. Nothing is ever deleted, so nobody here may.
data "aws_iam_policy_document" "worker" {
  statement {
    sid     = "Objects"
    actions = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [
      "${aws_s3_bucket.workspace.arn}/${var.prefix}/*",
    ]
  }

  dynamic "statement" {
    for_each = var.object_lock ? [1] : []
    content {
      sid       = "Lock"
      actions   = ["s3:PutObjectRetention"]
      resources = ["${aws_s3_bucket.workspace.arn}/${var.prefix}/briefings/*"]
    }
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.workspace.arn]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.prefix}/*"]
    }
  }

  # Of uploads the service knows no condition on the prefix.
  statement {
    sid       = "Uploads"
    actions   = ["s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.workspace.arn]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.workspace.arn]
  }

  statement {
    sid       = "Mail"
    actions   = ["ses:SendEmail"]
    resources = [aws_sesv2_email_identity.sender.arn, aws_sesv2_configuration_set.briefings.arn]
    condition {
      test     = "StringEquals"
      variable = "ses:FromAddress"
      values   = [var.sender]
    }
  }
}

data "aws_iam_policy_document" "reader" {
  statement {
    sid       = "Briefings"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.workspace.arn}/${var.prefix}/briefings/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.workspace.arn]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.prefix}/briefings/*"]
    }
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.workspace.arn]
  }
}

data "aws_iam_policy_document" "becoming_worker" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = var.worker_principals
    }
  }
}

data "aws_iam_policy_document" "becoming_reader" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = var.reader_principals
    }
  }
}

resource "aws_iam_role" "worker" {
  name               = "resurge-worker"
  assume_role_policy = data.aws_iam_policy_document.becoming_worker.json
}

resource "aws_iam_role_policy" "worker" {
  role   = aws_iam_role.worker.id
  policy = data.aws_iam_policy_document.worker.json
}

resource "aws_iam_role" "reader" {
  name               = "resurge-reader"
  assume_role_policy = data.aws_iam_policy_document.becoming_reader.json
}

resource "aws_iam_role_policy" "reader" {
  role   = aws_iam_role.reader.id
  policy = data.aws_iam_policy_document.reader.json
}
