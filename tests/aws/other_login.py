"""Somebody else's login for an installation's brokers: `python other_login.py NAME`.

The endpoint comes from the environment.
"""

import json
import os
import sys
import urllib.request

import boto3

(NAME,) = sys.argv[1:]
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]

client = lambda service: boto3.client(service, region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test")
kafka, secrets = client("kafka"), client("secretsmanager")


def time_passes():
    body = json.dumps({"advance": 60}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/moto-api/stage/clock", body, headers)).close()


key = client("kms").create_key()["KeyMetadata"]["KeyId"]
time_passes()
login = json.dumps({"username": "somebody", "password": "a password of theirs"})
secret = secrets.create_secret(Name="AmazonMSK_somebody", SecretString=login, KmsKeyId=key)["ARN"]
time_passes()
clusters = kafka.list_clusters_v2(ClusterNameFilter=f"{NAME}-milvus")["ClusterInfoList"]
answer = kafka.batch_associate_scram_secret(ClusterArn=clusters[0]["ClusterArn"], SecretArnList=[secret])
assert not answer["UnprocessedScramSecrets"], answer
