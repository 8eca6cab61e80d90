"""More to judge a run by: each file here with a `judge` adds its part to the evaluation."""
