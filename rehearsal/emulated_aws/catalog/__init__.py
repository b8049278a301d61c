"""Service Catalog: portfolios, products, their versions, and what is provisioned from them."""
