"""A strict mail server: STARTTLS, then a login, both compulsory; mail goes into a maildir.

usage: server.py CERTIFICATE KEY MAILDIR USER PASSWORD
Listens on a free port of 127.0.0.1 and prints it.
"""

import asyncio
import ssl
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, maildir, user, password = sys.argv[1:]


def authenticator(server, session, envelope, mechanism, data):
    right = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=right, handled=False)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def connection():
        return SMTP(
            Mailbox(maildir),
            hostname="mail.test",
            tls_context=context,
            require_starttls=True,
            authenticator=authenticator,
            auth_required=True,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
