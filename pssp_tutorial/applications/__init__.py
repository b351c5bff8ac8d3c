"""The same network on other data of the life sciences: DNA, genes over time, brains, models and patients (Part IV)."""
