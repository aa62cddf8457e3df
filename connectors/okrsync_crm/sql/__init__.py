"""Turn questions about typed rows into SQL: the plan, its execution, and what cannot be added up."""
