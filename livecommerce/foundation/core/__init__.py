"""Pure vocabulary: errors, ids, money, clock, actors, events, settings. Knows no library but msgspec."""
