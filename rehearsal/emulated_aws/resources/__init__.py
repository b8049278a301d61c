"""CloudFormation resource types MiniStack lacks, and the check of every resource against its schema."""
