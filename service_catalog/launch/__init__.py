"""The roles that create project stacks, one for each channel, and the boundary of every role that they create."""
