"""Pure functions over data, labels and predictions; they read no settings and no files."""
