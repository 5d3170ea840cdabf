"""How long a test waits for what is to come: a machine that does other things as well is no fault."""

PATIENCE_S = 60.0
