"""Questions about typed rows as SQL: the plan, its execution, and what cannot be added up."""
