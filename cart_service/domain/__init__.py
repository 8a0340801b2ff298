"""What a cart is and what may happen to it: no input, no output, no framework."""
