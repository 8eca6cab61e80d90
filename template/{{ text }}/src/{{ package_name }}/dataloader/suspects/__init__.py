"""What looks wrong in texts; each module finds one kind of fault."""
