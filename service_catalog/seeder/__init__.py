"""Seeds a project: a function that renders the template from a bundle in S3 and pushes two repositories."""
