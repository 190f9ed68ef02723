"""A server of FTP on 127.0.0.1 for the tests: shows the files of a folder.

    ftp.py FILES KEYS plain|tls ADDRESS

Anybody may read by `plain`; the user `reader` with the password `secret` by either. By `tls`, which is asked for in the session,
nobody logs in without it, and KEYS/certificate is made, for 127.0.0.1. Data connections are said to be at ADDRESS. Says where it
listens. Ends with its input.
"""

import datetime
import ipaddress
import os
import pathlib
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

FILES, KEYS, KIND, ADDRESS = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]


def certificate():
    """Makes a certificate that signs itself; returns the file of it and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the tests")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = builder.add_extension(address, False).add_extension(x509.BasicConstraints(True, None), True)
    made = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (KEYS / "certificate").write_bytes(made)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both = KEYS / "server"
    both.write_bytes(made + private)
    return both


users = DummyAuthorizer()
users.add_user("reader", "secret", FILES)
if KIND == "tls":
    handler = TLS_FTPHandler
    handler.certfile = str(certificate())
    handler.tls_control_required = handler.tls_data_required = True
else:
    handler = FTPHandler
    users.add_anonymous(FILES)
handler.authorizer = users
handler.masquerade_address = ADDRESS
server = FTPServer(("127.0.0.1", 0), handler)
print("ready", server.address[1], flush=True)


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
server.serve_forever()
