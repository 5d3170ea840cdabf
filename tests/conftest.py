"""How Hypothesis looks for examples: the same ones in each run of `make test`, others in each of `make properties`.

What chance finds belongs to the change that caused it; it must not stop whoever comes next.
"""

from hypothesis import settings

settings.register_profile("same", deadline=None, derandomize=True)  # other work on the machine is no fault
settings.register_profile("fresh", deadline=None, print_blob=True)
settings.load_profile("same")
