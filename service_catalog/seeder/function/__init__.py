"""What the seeder's function runs in AWS Lambda; `handler.handle` is its entry. Needs `renderer`, dulwich and boto3."""
