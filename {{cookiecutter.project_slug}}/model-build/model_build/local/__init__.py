"""Runs a compiled pipeline definition on this machine: processes for jobs, a folder for S3, files for the registry.

The runner reads the definition JSON (schema 2020-12-01) and nothing else. What a job needs from the project, its Python
and its training command, comes from the caller as a `JobEnvironment`. It differs from the service where a laptop does:
a failed process is not retried (`RetryPolicies` describe faults of a cloud), a job has one instance, and run conditions
other than success are refused.
"""
