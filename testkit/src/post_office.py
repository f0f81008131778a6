# A real SMTP server (aiosmtpd) for the walks: keeps what it is given as JSON, one file a letter, and refuses as it is bid.
#
# argv[1]: {"dir", "port", "cert"?, "key"?, "tls": "none" | "implicit" | "starttls", "user"?, "password"?}

import email
import email.policy
import json
import os
import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

given = json.loads(sys.argv[1])


class Office:
    def __init__(self):
        self.number = 0
        self.tried = {}

    async def handle_MAIL(self, server, session, envelope, address, options):
        if os.path.exists(os.path.join(given["dir"], "shut")):
            return "550 5.7.1 nothing is taken from you"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            self.tried[address] = self.tried.get(address, 0) + 1
            if self.tried[address] < 2:
                return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        kept = {
            "to": envelope.rcpt_tos,
            "hello": session.host_name,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "headers": {name.lower(): str(value) for name, value in letter.items()},
            "body": letter.get_content(),
        }
        self.number += 1
        name = os.path.join(given["dir"], f"{self.number:06}")
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump(kept, file)
        os.rename(name + ".new", name + ".json")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    fits = (data.login.decode(), data.password.decode()) == (given["user"], given["password"])
    return AuthResult(success=fits, handled=False)


more = {}
if given["tls"] != "none":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given["cert"], given["key"])
    more |= {"ssl_context": context} if given["tls"] == "implicit" else {"tls_context": context, "require_starttls": True}
if "user" in given:
    more |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": given["tls"] == "starttls"}
# The controller looks whether it can be reached by speaking to it, without TLS: its own check would fail behind TLS.
controller = Controller(Office(), hostname="127.0.0.1", port=given["port"], **more)
controller.start()
print("ready", flush=True)
signal.pause()
