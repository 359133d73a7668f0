"""From raw recordings to the arrays that training reads."""
