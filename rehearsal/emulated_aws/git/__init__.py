"""Git over HTTP: repositories of CodeCommit, and of git hosts behind a connection."""
