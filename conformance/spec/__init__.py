"""READ the contract: the two API documents and the catalogue of requirements."""
