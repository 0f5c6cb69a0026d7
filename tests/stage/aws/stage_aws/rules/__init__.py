"""What moto does otherwise than AWS, service by service."""

from . import ec2, elbv2, iam, kms, s3, secretsmanager, sts, tagging  # noqa: F401  each adds its rules
