"""Seeds a project's two repositories: a function that renders the template from a bundle in S3 and pushes the result."""
