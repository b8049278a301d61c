"""The model behind SageMaker's two routes: /ping and /invocations."""
