"""Functions of Lambda, run as they are run there, and CloudFormation's custom resources on top of them."""
