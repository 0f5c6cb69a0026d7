"""The cluster's own certificates and tokens: a key each, published as OIDC has it."""

import base64
import datetime
import json
import pathlib
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from ..stage import STAGE

def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value):
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def key_id(cluster):
    return cluster.hex.lower()


def discovery(cluster):
    return {
        "issuer": cluster.issuer, "jwks_uri": f"{cluster.issuer}/keys", "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
        "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"], "claims_supported": ["sub", "iss"],
    }


def api_server_key():
    """The key of the stage's API server, if its tokens are the cluster's."""
    path = STAGE.options.get("kubernetes_issuer_key")
    return serialization.load_pem_public_key(pathlib.Path(path).read_bytes()) if path else None


def jwks(cluster):
    real = api_server_key()
    if real:
        at = real.public_numbers()
        point = {axis: _encoded(number.to_bytes(32, "big")) for axis, number in (("x", at.x), ("y", at.y))}
        return {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": key_id(cluster), **point}]}
    numbers = cluster.key.public_key().public_numbers()
    return {"keys": [{
        "kty": "RSA", "alg": "RS256", "use": "sig", "kid": key_id(cluster), "n": _number(numbers.n), "e": _number(numbers.e),
    }]}


def private_pem(cluster):
    return cluster.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def token(cluster, subject, audience="sts.amazonaws.com", seconds=3600):
    """What a pod's projected service account token would be."""
    now = int(time.time())
    claims = {"iss": cluster.issuer, "sub": subject, "aud": [audience], "iat": now, "nbf": now, "exp": now + int(seconds)}
    head = {"alg": "RS256", "kid": key_id(cluster)}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
    return signed + "." + _encoded(cluster.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))


def certificate(cluster):
    """A certificate of the cluster's own CA, as PEM."""
    if not getattr(cluster, "pem", None):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
        start = datetime.datetime(2026, 1, 1)
        builder = x509.CertificateBuilder(
            issuer_name=name, subject_name=name, public_key=cluster.key.public_key(), serial_number=1, not_valid_before=start,
            not_valid_after=start + datetime.timedelta(days=3650),
        ).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        cluster.pem = builder.sign(cluster.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    return cluster.pem


def verified(cluster, text):
    """A token's claims, if this cluster signed it; None otherwise."""
    try:
        head, claims, signature = text.strip().split(".")
        raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
        real, signed = api_server_key(), f"{head}.{claims}".encode()
        if real:
            halves = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
            real.verify(encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
        else:
            cluster.key.public_key().verify(raw, signed, padding.PKCS1v15(), hashes.SHA256())
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except Exception:  # whatever is wrong with it, it is no token of this cluster
        return None


def unverified(text):
    """A token's claims whoever signed it; None if it is no token."""
    try:
        claims = text.strip().split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (ValueError, IndexError):
        return None
