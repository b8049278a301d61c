"""Publishes the project templates to an organisation: Service Catalog and, from the same bytes, Studio's S3 channel."""
