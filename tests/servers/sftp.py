"""A server of SFTP on 127.0.0.1 for the tests: shows the files of a folder to the user `reader`.

    sftp.py FILES KEYS PORT

The password is `secret`; the key is KEYS/client. Both it and KEYS/host, by which the server is known, are made where they
are missing. Says where it listens and by which key it is known, then every password that it is told. Ends with its input.
"""

import asyncio
import pathlib
import sys

import asyncssh

FILES, KEYS, PORT = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])


def key(name):
    """Returns the key of a file, made where it is missing."""
    file = KEYS / name
    if not file.exists():
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(file)
    return asyncssh.read_private_key(file)


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        print("password", username, password, flush=True)
        return (username, password) == ("reader", "secret")


class Files(asyncssh.SFTPServer):
    def __init__(self, chan):
        super().__init__(chan, chroot=str(FILES))


async def main():
    host, client = key("host"), key("client")
    authorized = asyncssh.import_authorized_keys(client.export_public_key().decode())
    server = await asyncssh.listen(
        "127.0.0.1", PORT, server_factory=Server, server_host_keys=[host], authorized_client_keys=authorized,
        sftp_factory=Files, reuse_address=True,
    )
    print("ready", server.get_port(), host.get_fingerprint(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
