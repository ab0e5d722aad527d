"""Pure decisions: no await, clock, randomness, logging or network."""
