"""Deploys the project's approved model: plan, deploy, smoke, rollback, status, destroy, cost."""
