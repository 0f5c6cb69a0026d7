"""Everything that exists in the account, without times, so that two can be compared."""

import json

from . import tags
from .eks import EKS
from .kafka import KAFKA
from .moto_side import backend, regions
from .stage import STAGE


def _ec2(region):
    ec2 = backend("ec2", region)

    def one(kind, thing, **settings):
        return {"service": "ec2", "kind": kind, "id": thing.id, "tags": tags.of_ec2(ec2, thing.id), **settings}

    for vpc in ec2.vpcs.values():
        yield one("vpc", vpc, cidr=vpc.cidr_block, dns=bool(vpc.enable_dns_hostnames))
    for subnets in ec2.subnets.values():
        for subnet in subnets.values():
            yield one("subnet", subnet, vpc=subnet.vpc_id, cidr=subnet.cidr_block, zone=subnet.availability_zone)
    for groups in ec2.groups.values():
        for group in groups.values():
            rules = [_rule(way, rule) for way in ("ingress", "egress") for rule in getattr(group, f"{way}_rules")]
            yield one("security-group", group, name=group.name, vpc=group.vpc_id, rules=sorted(rules))
    for table in ec2.route_tables.values():
        routes = sorted(_destination(route) for route in table.routes)
        yield one("route-table", table, vpc=table.vpc_id, routes=routes, subnets=sorted(table._associations.values()))
    for gateway in ec2.internet_gateways.values():
        yield one("internet-gateway", gateway, vpc=gateway.vpc.id if gateway.vpc else None)
    for gateway in ec2.nat_gateways.values():
        if gateway.state != "deleted":
            yield one("nat-gateway", gateway, subnet=gateway.subnet_id, state=gateway.state)
    for endpoint in ec2.vpc_end_points.values():
        if endpoint.state != "deleted":
            yield one("vpc-endpoint", endpoint, vpc=endpoint.vpc_id, name=endpoint.service_name, routes=sorted(endpoint.route_table_ids or []))
    for eni in ec2.enis.values():
        groups = sorted(group.id for group in eni.group_set)
        yield one("network-interface", eni, subnet=eni.subnet.id, groups=groups, description=eni.description)
    for address in ec2.addresses:
        yield one("address", address, busy=bool(address.association_id)) | {"id": address.allocation_id, "tags": tags.of_ec2(ec2, address.allocation_id) or tags.of_ec2(ec2, address.id)}
    for volume in ec2.volumes.values():
        yield one("volume", volume, size=volume.size)
    for instances in ec2.reservations.values():
        for instance in instances.instances:
            if instance.state != "terminated":
                yield one("instance", instance, type=instance.instance_type)


def _destination(route):
    if route.destination_prefix_list:
        return route.destination_prefix_list.id
    return route.destination_cidr_block or route.destination_ipv6_cidr_block


def _rule(way, rule):
    source = rule.cidr_ipv4 or rule.cidr_ipv6 or rule.source_group.get("GroupId") or rule.prefix_list_id
    return f"{way} {rule.ip_protocol} {rule.from_port}-{rule.to_port} {source}"


def _iam(_region):
    iam = backend("iam")
    for role in iam.roles.values():
        if role.name not in STAGE.test_principals:
            policies = sorted([*(policy.arn for policy in role.managed_policies.values()), *role.policies])
            yield {"service": "iam", "kind": "role", "id": role.arn, "tags": tags.of(role.arn, None), "policies": policies}
    for user in iam.users.values():
        if user.name not in STAGE.test_principals:
            yield {"service": "iam", "kind": "user", "id": user.arn}
    for policy in iam.managed_policies.values():
        if ":aws:policy/" not in policy.arn:
            document = json.loads(policy.default_version.document) if getattr(policy, "default_version", None) else None
            yield {"service": "iam", "kind": "policy", "id": policy.arn, "tags": tags.of(policy.arn, None), "document": document}
    for arn, provider in iam.open_id_providers.items():
        yield {"service": "iam", "kind": "oidc-provider", "id": arn, "clients": sorted(provider.client_id_list), "tags": tags.of(arn, None)}
    for profile in iam.instance_profiles.values():
        yield {"service": "iam", "kind": "instance-profile", "id": profile.arn}


def _s3(_region):
    for bucket in backend("s3").buckets.values():
        yield {
            "service": "s3", "kind": "bucket", "id": bucket.name, "tags": tags.of(f"arn:aws:s3:::{bucket.name}", None),
            "objects": len(list(bucket.keys.keys())), "versioning": bucket.versioning_status, "encryption": bucket.encryption,
            "lifecycleRules": len(bucket.rules), "policy": bucket.policy.decode() if bucket.policy else None,
        }


def _kms(region):
    for key in list(backend("kms", region).keys.values()):
        if key.key_manager != "CUSTOMER" or any(name.startswith("alias/aws/") for name in key.aliases):
            continue
        leaving = key.key_state == "PendingDeletion"
        yield {
            "service": "kms", "kind": "key", "id": key.arn, "state": key.key_state, "rotation": key.key_rotation_status,
            "tags": tags.of(key.arn, region), "leaving": leaving,
        }
        for alias in key.aliases:
            yield {"service": "kms", "kind": "alias", "id": alias, "key": key.arn}


def _secretsmanager(region):
    for secret in backend("secretsmanager", region).secrets.values():
        yield {
            "service": "secretsmanager", "kind": "secret", "id": secret.arn, "name": secret.name, "key": secret.kms_key_id,
            "tags": tags.pairs(secret.tags), "policy": secret.policy, "leaving": secret.is_deleted(),
        }


def _elbv2(region):
    elb = backend("elbv2", region)
    for balancer in elb.load_balancers.values():
        yield {"service": "elbv2", "kind": "load-balancer", "id": balancer.arn, "scheme": balancer.scheme, "tags": tags.of(balancer.arn, region)}
        for listener in balancer.listeners.values():
            yield {"service": "elbv2", "kind": "listener", "id": listener.arn, "port": listener.port}
    for group in elb.target_groups.values():
        yield {"service": "elbv2", "kind": "target-group", "id": group.arn, "targets": sorted(group.targets), "tags": tags.of(group.arn, region)}


def _kafka(region):
    found = KAFKA.regions.get(region)
    for cluster in found.clusters.values() if found else ():
        yield {
            "service": "kafka", "kind": "cluster", "id": cluster.arn, "state": cluster.state, "tags": cluster.tags,
            "configuration": cluster.configuration, "provisioned": cluster.provisioned, "secrets": sorted(cluster.secrets),
        }
    for arn, made in found.configurations.items() if found else ():
        last = made["revisions"][-1]
        yield {
            "service": "kafka", "kind": "configuration", "id": arn, "revision": last["Revision"], "description": made["Description"],
            "properties": last["ServerProperties"].decode("utf-8", "replace"),
        }


def _eks(region):
    found = EKS.regions.get(region)
    for cluster in found.clusters.values() if found else ():
        def one(kind, thing, **settings):
            return {"service": "eks", "kind": kind, "id": thing.arn, "tags": thing.tags, **settings}

        shown = {key: value for key, value in cluster.shown.items() if key != "createdAt"}
        yield one("cluster", cluster, state=cluster.status, settings=shown)
        for group in cluster.nodegroups.values():
            shown = {key: value for key, value in group.shown.items() if key not in ("createdAt", "modifiedAt")}
            yield one("nodegroup", group, state=group.status, settings=shown)
        for addon in cluster.addons.values():
            role = addon.shown.get("serviceAccountRoleArn")
            yield one("addon", addon, state=addon.status, name=addon.name, version=addon.shown["addonVersion"], role=role)
        for principal, entry in cluster.entries.items():
            yield one("access-entry", entry, principal=principal, policies=sorted(entry.policies))


REGIONAL = (_ec2, _kms, _secretsmanager, _elbv2, _kafka, _eks)


def take():
    """Everything: what is there under `present`, what AWS takes away by itself later under `leaving`."""
    found = [thing for part in (_iam, _s3) for thing in part(None)]
    for region in regions():
        found += [thing | {"region": region} for part in REGIONAL for thing in part(region)]
    found.sort(key=lambda thing: (thing["service"], thing["kind"], thing["id"]))
    answer = {"present": [], "leaving": []}
    for thing in found:
        answer["leaving" if thing.pop("leaving", False) else "present"].append(thing)
    return answer


