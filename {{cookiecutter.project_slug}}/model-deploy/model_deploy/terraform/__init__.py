"""The stage as one Terraform module, its state in the project's bucket."""
