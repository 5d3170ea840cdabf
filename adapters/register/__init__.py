"""The register: the book of obligations, in PostgreSQL."""

from adapters.register.chain import ChainFault
from adapters.register.engine import RegisterError, RegisterRefused
from adapters.register.migrate import downgrade, migrate
from adapters.register.part import Rules
from adapters.register.register import Register, open_register

__all__ = [
    "ChainFault",
    "Register",
    "RegisterError",
    "RegisterRefused",
    "Rules",
    "downgrade",
    "migrate",
    "open_register",
]
