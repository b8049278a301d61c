"""What a project needs in the accounts of its stages, to be deployed there by hand or by a StackSet."""
