"""Runs model servers as processes of this machine."""
