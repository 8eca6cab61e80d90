# Predictions from a queue.
.PHONY: worker

worker: ## predict requests from Redis with the champion: make worker ARGS="rows=10"
	@$(RUN) $(NAME) worker $(ARGS)

# A skipped test must not read as one that passed.
test::
	@$(RUN) sh -c 'command -v redis-server' > /dev/null || echo "test      NOT RUN: tests/worker needs a redis-server: apt install redis-server, brew install redis"
