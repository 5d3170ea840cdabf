"""The platform's messages: how the centre speaks to banks and payment institutions (DOMAIN section 5, docs/wire.md)."""
