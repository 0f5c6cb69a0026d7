"""Somebody disables the key of an installation: `python disabled_key.py NAME`.

The endpoint comes from the environment.
"""

import sys

import boto3

(NAME,) = sys.argv[1:]

kms = boto3.client("kms", region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test")
key = kms.describe_key(KeyId=f"alias/{NAME}-milvus")["KeyMetadata"]["KeyId"]
kms.disable_key(KeyId=key)
