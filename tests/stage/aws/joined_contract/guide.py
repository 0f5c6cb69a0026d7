"""What the guide has in an account before helm is called: guide.py BUCKET NAMESPACE:SERVICE-ACCOUNT prints a role's ARN."""

import sys

from .base import REGION, account, client, role_for

bucket, service_account = sys.argv[1:]
shared = account()
client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
whole = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": f"arn:aws:s3:::{bucket}"}
objects = {
    "Effect": "Allow", "Resource": f"arn:aws:s3:::{bucket}/*",
    "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
}
print(role_for(shared, "milvus-s3-access", f"system:serviceaccount:{service_account}", [whole, objects]))
