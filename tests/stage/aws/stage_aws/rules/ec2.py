"""EC2: dry runs, what depends on what, gateways that take their time."""

import re

from ..errors import AwsError
from ..moto_side import backend
from ..stage import STAGE
from .hooks import after, before, numbered


def dependency(message):
    return AwsError("DependencyViolation", message)


def dry_run(request):
    """Every operation that has the parameter: nothing is done."""
    if request.form.get("DryRun") == "true":
        raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def _interfaces(ec2, wanted):
    return [eni for eni in ec2.enis.values() if wanted(eni)]


def _vpc_of_group(ec2, group_id):
    return next((vpc for vpc, groups in ec2.groups.items() if group_id in groups), None)


@before("ec2", "DeleteSecurityGroup")
def group_in_use(request, form):
    ec2, group_id = backend("ec2", request.region), form.get("GroupId")
    if _interfaces(ec2, lambda eni: any(group.id == group_id for group in eni.group_set)):
        raise dependency(f"resource {group_id} has a dependent object")
    for groups in ec2.groups.values():
        for group in groups.values():
            if group.id == group_id:
                continue
            for rule in [*group.ingress_rules, *group.egress_rules]:
                if rule.source_group.get("GroupId") == group_id:
                    raise dependency(f"resource {group_id} has a dependent object")
    found = ec2.get_security_group_from_id(group_id) if group_id else None
    if found and found.name == "default":
        raise AwsError("CannotDelete", f"the specified group: \"{group_id}\" name: \"default\" cannot be deleted by a user")


@before("ec2", "DescribeSubnets")
def subnets_are_there(request, form):
    # moto may name one that is there.
    there = {subnet_id for subnets in backend("ec2", request.region).subnets.values() for subnet_id in subnets}
    missing = [subnet_id for subnet_id in numbered(form, "SubnetId") if subnet_id not in there]
    if missing:
        raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{missing[0]}' does not exist")


@before("ec2", "DeleteSubnet")
def subnet_in_use(request, form):
    ec2, subnet_id = backend("ec2", request.region), form.get("SubnetId")
    if _interfaces(ec2, lambda eni: eni.subnet.id == subnet_id):
        raise dependency(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")


@after("ec2", "DeleteSubnet")
def associations_go(request, form, _response):
    # AWS ends a subnet's association with its route table together with the subnet.
    for table in backend("ec2", request.region).route_tables.values():
        table._associations = {key: subnet for key, subnet in table._associations.items() if subnet != form.get("SubnetId")}


@before("ec2", "DeleteVpc")
def vpc_in_use(request, form):
    ec2, vpc_id = backend("ec2", request.region), form.get("VpcId")
    uses = _interfaces(ec2, lambda eni: eni.vpc_id == vpc_id)
    uses += [gateway for gateway in ec2.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc_id]
    uses += [group for group in ec2.groups.get(vpc_id, {}).values() if group.name != "default"]
    uses += [one for one in ec2.vpc_end_points.values() if one.vpc_id == vpc_id and one.state != "deleted"]
    uses += [one for one in ec2.nat_gateways.values() if one.vpc_id == vpc_id and one.state != "deleted"]
    if uses:
        raise dependency(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


@before("ec2", "AttachInternetGateway")
def vpc_has_one(request, form):
    vpc_id = form.get("VpcId")
    for gateway in backend("ec2", request.region).internet_gateways.values():
        if gateway.vpc and gateway.vpc.id == vpc_id and gateway.id != form.get("InternetGatewayId"):
            raise AwsError("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")


@before("ec2", "CreateVpcEndpoint")
def table_has_one_route_to_a_service(request, form):
    tables, service = numbered(form, "RouteTableId"), form.get("ServiceName")
    for endpoint in backend("ec2", request.region).vpc_end_points.values():
        if endpoint.state == "deleted" or endpoint.service_name != service:
            continue
        for table in set(tables) & set(endpoint.route_table_ids or []):
            message = f"route table {table} already has a route with destination-prefix-list-id {endpoint.destination_prefix_list_id}"
            raise AwsError("RouteAlreadyExists", message)


@before("ec2", "DetachInternetGateway")
def mapped_addresses(request, form):
    ec2, vpc_id = backend("ec2", request.region), form.get("VpcId")
    if _interfaces(ec2, lambda eni: eni.vpc_id == vpc_id and eni.public_ip):
        message = f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        raise dependency(message)


@before("ec2", "AssociateRouteTable")
def follows_another(request, form):
    for table in backend("ec2", request.region).route_tables.values():
        if form.get("SubnetId") in table._associations.values() and table.id != form.get("RouteTableId"):
            message = f"the specified association for route table {form['RouteTableId']} conflicts with an existing association"
            raise AwsError("Resource.AlreadyAssociated", message)


@before("ec2", "DeleteRouteTable")
def table_in_use(request, form):
    table = backend("ec2", request.region).route_tables.get(form.get("RouteTableId"))
    if table and table._associations:
        raise dependency(f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


# --- NAT gateways ---


@before("ec2", "CreateNatGateway")
def same_token(request, form):
    """A client token that was used already makes nothing new: moto is asked to describe instead."""
    made = STAGE.born.get(("nat-token", form.get("ClientToken")))
    if form.get("ClientToken") and made:
        request.form = {"Action": "DescribeNatGateways", "NatGatewayId.1": made}
        request.body = f"Action=DescribeNatGateways&Version=2016-11-15&NatGatewayId.1={made}".encode()
        request.headers["content-length"] = str(len(request.body))
        request.repeats = made


@before("ec2", "CreateNatGateway")
def nat_is_possible(request, form):
    if request.repeats:
        return
    ec2 = backend("ec2", request.region)
    vpc_id = ec2.get_subnet(form["SubnetId"]).vpc_id
    attached = any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in ec2.internet_gateways.values())
    if form.get("ConnectivityType", "public") == "public" and not attached:
        raise AwsError("Gateway.NotAttached", f"Network {vpc_id} has no Internet gateway attached")
    if "AllocationId" in form:
        address = ec2.address_by_allocation([form["AllocationId"]])[0]
        if address.association_id:
            raise AwsError("Resource.AlreadyAssociated", f"resource {form['AllocationId']} is already associated with another resource")


@after("ec2", "CreateNatGateway")
def nat_takes_time(request, form, response):
    text = response.body.decode()
    if request.repeats:
        item = re.search(r"<natGatewaySet>\s*<item>(.*)</item>\s*</natGatewaySet>", text, re.S)
        text = text.replace("DescribeNatGatewaysResponse", "CreateNatGatewayResponse")
        inner = f"<natGateway>{item.group(1)}</natGateway>"
        response.body = re.sub(r"<natGatewaySet>.*</natGatewaySet>", lambda _: inner, text, flags=re.S).encode()
        return
    ec2 = backend("ec2", request.region)
    gateway = ec2.nat_gateways[re.search(r"nat-[0-9a-f]+", text).group()]
    if form.get("ClientToken"):
        STAGE.born["nat-token", form["ClientToken"]] = gateway.id
    gateway.state = "pending"
    eni = gateway._eni
    eni.status, eni.interface_type, eni.requester_managed = "in-use", "nat_gateway", True
    eni.description = f"Interface for NAT Gateway {gateway.id}"
    fails = request.fails_later

    def done():
        if gateway.state != "pending":
            return
        gateway.state = "failed" if fails else "available"
        if fails:
            gateway.failure_code, gateway.failure_message = fails["code"] or "InternalError", fails["reason"]
            _release(ec2, gateway)

    STAGE.clock.after("ec2:nat-gateway:create", done)
    response.body = text.replace("<state>available</state>", "<state>pending</state>").encode()


def _release(ec2, gateway):
    for address in ec2.addresses:
        if address.eni is gateway._eni:
            ec2.disassociate_address(association_id=address.association_id)
    ec2.enis.pop(gateway._eni.id, None)


@before("ec2", "DeleteNatGateway")
def nat_is_there(request, form):
    if form["NatGatewayId"] not in backend("ec2", request.region).nat_gateways:
        raise AwsError("NatGatewayNotFound", f"The Nat Gateway {form['NatGatewayId']} was not found")


@after("ec2", "DeleteNatGateway")
def nat_leaves_slowly(request, form, _response):
    ec2 = backend("ec2", request.region)
    gateway = ec2.nat_gateways[form["NatGatewayId"]]
    gateway.state = "deleting"

    def done():
        gateway.state = "deleted"
        _release(ec2, gateway)

    STAGE.clock.after("ec2:nat-gateway:delete", done)


@before("ec2", "ReleaseAddress")
def address_in_use(request, form):
    for address in backend("ec2", request.region).addresses:
        if address.allocation_id == form.get("AllocationId") and address.association_id:
            raise AwsError("InvalidIPAddress.InUse", f"Address '{address.public_ip}' is in use.")


@before("ec2", "DeleteNetworkInterface")
def interface_in_use(request, form):
    eni = backend("ec2", request.region).enis.get(form.get("NetworkInterfaceId"))
    if eni and eni.requester_managed:
        raise AwsError("InvalidNetworkInterface.InUse", f"Network interface '{eni.id}' is currently in use.")


