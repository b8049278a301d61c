"""What an organisation puts around all its projects: service control policies, Config rules, a boundary for people."""
