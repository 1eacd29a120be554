"""Why a unit gets what it gets, rung by rung, and all that it gets at a glance."""
