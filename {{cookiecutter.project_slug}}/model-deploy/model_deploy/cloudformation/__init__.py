"""The stage's stacks: foundation, endpoint, batch."""
