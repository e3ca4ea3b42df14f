"""What must hold for everything hypothesis can think of."""
