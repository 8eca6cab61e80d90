"""Where many projects stand: for the people who keep a thousand of them in step."""
