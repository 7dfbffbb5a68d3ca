"""How the suite's own tests are run, whatever the machine has to do beside them."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A slow machine is no failure: no test of properties has a time limit of its own.
settings.register_profile(
    "patient", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
