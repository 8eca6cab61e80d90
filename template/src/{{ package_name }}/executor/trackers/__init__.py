"""Where else a run is told: each file here with a `track` gets the record of every training."""
