"""Read what one cell of an export means: names, amounts, currencies and moments, in pure Python."""
