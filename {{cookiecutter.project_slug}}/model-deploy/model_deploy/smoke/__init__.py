"""Asks a deployed model rows whose answers are known."""
