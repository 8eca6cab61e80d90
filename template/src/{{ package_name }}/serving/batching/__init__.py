"""Files answered block by block: reading, refusing, writing, going on after a kill."""
