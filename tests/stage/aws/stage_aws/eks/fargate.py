"""Fargate profiles: no pods run on them, but a cluster stays as long as it has one."""

from .. import ACCOUNT
from ..errors import AwsError
from ..rest_json import page


class Fargate:
    """Part of the EKS service: Fargate profiles. They are made and deleted at once."""

    def CreateFargateProfile(self, clusterName, fargateProfileName, podExecutionRoleArn, clientRequestToken=None, **given):
        cluster = self._cluster(clusterName)
        if fargateProfileName in cluster.fargate:
            raise AwsError("ResourceInUseException", f"Fargate Profile already exists with this name {fargateProfileName}", 409, clusterName=clusterName)
        cluster.fargate[fargateProfileName] = given | {
            "fargateProfileName": fargateProfileName, "clusterName": clusterName, "podExecutionRoleArn": podExecutionRoleArn,
            "fargateProfileArn": f"arn:aws:eks:{cluster.region}:{ACCOUNT}:fargateprofile/{clusterName}/{fargateProfileName}/1",
            "status": "ACTIVE",
        }
        return {"fargateProfile": cluster.fargate[fargateProfileName]}

    def ListFargateProfiles(self, clusterName, maxResults=None, nextToken=None):
        found, token = page(sorted(self._cluster(clusterName).fargate), maxResults, nextToken)
        return {"fargateProfileNames": found, "nextToken": token}

    def DeleteFargateProfile(self, clusterName, fargateProfileName):
        profile = self._cluster(clusterName).fargate.pop(fargateProfileName, None)
        if not profile:
            raise AwsError("ResourceNotFoundException", f"No Fargate Profile found with name: {fargateProfileName}.", 404, clusterName=clusterName)
        return {"fargateProfile": profile | {"status": "DELETING"}}
