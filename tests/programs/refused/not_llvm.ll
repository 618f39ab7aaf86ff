; refused: expected top-level entity
what is this
